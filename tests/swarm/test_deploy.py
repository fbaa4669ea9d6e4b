"""`docker/deploy` on a Swarm of three nodes, from nothing to a job that ends; then backup, loss and restore.

Builds all images, so it takes minutes: not part of `make test` but of `make test-deploy`.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.e2e.following import wait_for
from tests.swarm.deployed_jobs import submit_digits
from tests.swarm.deployment import Deployment, deployable
from tests.swarm.images import import_python
from tests.swarm.rig import reason_it_cannot_run

pytestmark = [
    pytest.mark.deploy,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not settings.ERA_JOB_ENV.exists(), reason="the jobs' environment is not made: make install"),
]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    if reason := reason_it_cannot_run():
        pytest.skip(reason)
    with deployable() as bare:
        bare.run("deploy")
        bare.furnish()
        yield bare


@pytest.fixture(scope="module")
def image(deployment: Deployment) -> str:
    with deployment.rig.client() as client:
        return deployment.push(import_python(client))


@pytest.fixture(scope="module")
def digits(deployment: Deployment, image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The main job, ended."""
    client = deployment.client()
    submitted = submit_digits(client, image, tmp_path_factory.mktemp("code"))
    return wait_for(client, submitted["id"], "succeeded", within=300)


def test_the_digits_job_succeeds_through_the_public_address(deployment: Deployment, digits: dict[str, Any]) -> None:
    client = deployment.client()
    assert digits["exit_code"] == 0
    assert b"epoch  12/12 loss" in client.get(f"jobs/{digits['id']}/logs").content
    listed = client.get(f"jobs/{digits['id']}/outputs").json()["results"]
    assert {entry["path"] for entry in listed} == {"weights.npz", "metrics.csv", "loss.png"}


def test_plain_http_leads_to_https(deployment: Deployment) -> None:
    answer = httpx.get(f"http://{deployment.address}/accounts/login/")
    assert (answer.status_code, answer.headers["location"]) == (308, f"https://{deployment.address}/accounts/login/")


def test_an_image_that_nobody_has_is_refused_by_name(deployment: Deployment) -> None:
    request = {"pool": "quick", "name": "x", "image": f"{deployment.address}:5000/no/such:1", "command": ["true"],
               "units": 1, "duration": 5, "deadline": "2999-01-01T00:00:00Z", "value": "1"}  # fmt: skip
    answer = deployment.client().post("jobs", json=request)
    assert answer.status_code == 400
    assert "no/such:1" in answer.text


def test_only_who_must_has_docker_and_nobody_more_of_root_than_files_need(deployment: Deployment) -> None:
    with deployment.rig.client() as client:
        specs = {found.name: found.attrs["Spec"]["TaskTemplate"]["ContainerSpec"] for found in client.services.list()}
    ours = {name.removeprefix("era_"): spec for name, spec in specs.items() if name.startswith("era_")}
    sockets = {name for name, spec in ours.items() if "docker.sock" in str(spec.get("Mounts"))}
    roots = {name for name, spec in ours.items() if spec.get("User") == "0:0"}
    assert sockets == {"worker", "collector", "agent", "images"}
    assert roots == {"web", "worker", "collector", "agent", "images", "proxy"}, "the last one only reads: decision 29"
    assert all(spec["ReadOnly"] and spec["CapabilityDrop"] == ["ALL"] for spec in ours.values())


def test_deploying_again_changes_nothing(deployment: Deployment, digits: dict[str, Any]) -> None:
    before = _versions(deployment)
    deployment.run("deploy")
    assert _versions(deployment) == before


def test_a_backup_brings_all_back_after_a_loss(deployment: Deployment, digits: dict[str, Any]) -> None:
    client = deployment.client()
    kept = _books(deployment, client, digits)
    backup = deployment.run("backup", str(deployment.backups))
    deployment.run("destroy", "era")
    _empty(deployment.storage)
    deployment.run("restore", backup)
    assert _books(deployment, client, digits) == kept
    verified = deployment.run("manage", "verify_receipt", digits["id"])
    assert verified


def _versions(deployment: Deployment) -> dict[str, int]:
    """How often each service was changed."""
    with deployment.rig.client() as client:
        return {
            found.name: found.attrs["Spec"]["TaskTemplate"].get("ForceUpdate", 0) * 10**9 + len(found.tasks())
            for found in client.services.list()
            if found.name.startswith("era_")
        }


def _books(deployment: Deployment, client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """What must be the same: all about the job and the wallet, a log's and an output's bytes, and the tables' sums."""
    at = f"jobs/{job['id']}"
    read = {path: client.get(path).raise_for_status().content for path in (
        "jobs", "wallet", "wallet/transfers", at, f"{at}/events", f"{at}/logs",
        f"{at}/outputs/weights.npz",
    )}  # fmt: skip
    receipt = client.get(f"{at}/receipt").json()
    verification = receipt.pop("verification")
    assert verification["equal"], verification
    return read | {"receipt": receipt} | {"sums": deployment.run("manage", "shell", "--no-imports", "--command", SUMS)}


def _empty(folder: Path) -> None:
    for inner in folder.iterdir():
        rmtree(inner)


SUMS = """
from django.db import connection
with connection.cursor() as cursor:
    for table in ("pricing_bookentry", "accounts_transfer", "accounts_ledgeraccount", "jobs_job", "jobs_jobevent"):
        cursor.execute(f"SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {table} t")
        print(table, *cursor.fetchone())
"""
