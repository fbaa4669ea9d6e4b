"""POST jobs: the answer binds, comes once for each key, and says where the job is."""

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import Hold, IdempotencyKey, Transfer
from jobs.models import CodeArchive, Job, JobEvent
from pricing.models import Pool
from tests.api.archives import a_zip
from tests.api.conftest import Body, MakeBody, moment
from tests.factories import Tenant, a_tenant

pytestmark = pytest.mark.usefixtures("pool", "theirs")
JSON = "application/json"


def post(client: Client, body: Body, **headers: str):  # type: ignore[no-untyped-def]
    return client.post("/api/v1/jobs", body, content_type=JSON, headers=headers)


def nothing_is_kept() -> bool:
    with scopes_disabled():
        kept = (Job, Hold, IdempotencyKey, CodeArchive)
        return not any(model.objects.exists() for model in kept) and not Transfer.objects.filter(kind="hold").exists()


def test_an_accepted_job_is_created_with_its_price_and_start(ours: Tenant, a_body: MakeBody) -> None:
    response = post(ours.api(), a_body())
    job = response.json()
    assert response.status_code == 201
    assert (job["state"], job["reason"], job["alternatives"]) == ("reserved", "", [])
    assert job["price"] == "0.045714"
    assert job["start"].endswith("Z")
    assert (moment(job["end"]) - moment(job["start"])).total_seconds() == 120
    assert job["submitted_by"] == ours.member.email


def test_the_location_is_where_the_job_is(ours: Tenant, a_body: MakeBody) -> None:
    client = ours.api()
    created = post(client, a_body())
    assert client.get(created["Location"]).json() == created.json()


def test_a_job_that_is_worth_less_than_its_price_is_rejected_with_what_would_do(ours: Tenant, a_body: MakeBody) -> None:
    response = post(ours.api(), a_body(value="0.01"))
    job = response.json()
    assert response.status_code == 201
    assert (job["state"], job["reason"], job["start"]) == ("rejected", "price_above_value", None)
    assert job["alternatives"][0] | {"kind": "value", "value": job["price"]} == job["alternatives"][0]


def test_an_empty_wallet_is_a_402_that_names_price_and_funds(pool: Pool, a_body: MakeBody) -> None:
    poor = a_tenant("poor", credits=0)
    response = post(poor.api(), a_body())
    assert response.status_code == 402
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem["price"], problem["available"]) == ("insufficient_funds", "0.045714", "0.00")
    assert nothing_is_kept()


def test_a_viewer_may_not_submit(ours: Tenant, a_body: MakeBody) -> None:
    response = post(ours.api("viewer"), a_body())
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert nothing_is_kept()


def test_a_closed_pool_sells_nothing(ours: Tenant, pool: Pool, a_body: MakeBody) -> None:
    Pool.objects.filter(pk=pool.pk).update(is_open=False)
    response = post(ours.api(), a_body())
    assert (response.status_code, response.json()["code"]) == (409, "pool_closed")


def test_a_command_line_is_split_as_a_shell_splits_it(ours: Tenant, a_body: MakeBody) -> None:
    job = post(ours.api(), a_body(command="python 'my train.py' --lr 0.1")).json()
    assert job["command"] == ["python", "my train.py", "--lr", "0.1"]


def test_the_same_key_and_body_give_the_same_job(ours: Tenant, a_body: MakeBody) -> None:
    client, body = ours.api(), a_body()
    first = post(client, body, **{"Idempotency-Key": "one"})
    again = post(client, body, **{"Idempotency-Key": "one"})
    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    with scopes_disabled():
        assert Job.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(ours: Tenant, a_body: MakeBody) -> None:
    client, body = ours.api(), a_body()
    post(client, body, **{"Idempotency-Key": "one"})
    response = post(client, body | {"name": "other"}, **{"Idempotency-Key": "one"})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_belongs_to_its_organization(ours: Tenant, theirs: Tenant, a_body: MakeBody) -> None:
    body = a_body()
    jobs = [post(tenant.api(), body, **{"Idempotency-Key": "one"}).json()["id"] for tenant in (ours, theirs)]
    assert len(set(jobs)) == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", " one"])
def test_a_key_that_is_no_key_is_refused(ours: Tenant, a_body: MakeBody, key: str) -> None:
    response = post(ours.api(), a_body(), **{"Idempotency-Key": key})
    assert (response.status_code, response.json()["field"]) == (400, "Idempotency-Key")
    assert nothing_is_kept()


def test_a_form_brings_the_code_along(ours: Tenant, a_body: MakeBody) -> None:
    body = a_body(command="python train.py", env=json.dumps({"A": "1"}), code=a_zip({"train.py": b"print(1)"}))
    response = ours.api().post("/api/v1/jobs", body)
    job = response.json()
    assert response.status_code == 201, job
    assert (job["command"], job["env"]) == (["python", "train.py"], {"A": "1"})
    assert (job["code"]["name"], job["code"]["format"]) == ("code.zip", "zip")


def test_code_that_was_sent_once_can_be_named_later(ours: Tenant, a_body: MakeBody) -> None:
    client = ours.api()
    sent = client.post("/api/v1/jobs", a_body(command="true", code=a_zip({"train.py": b""}))).json()
    again = post(client, a_body(code=sent["code"]["id"])).json()
    assert again["code"] == sent["code"]


def test_another_organizations_code_cannot_be_named(ours: Tenant, theirs: Tenant, a_body: MakeBody) -> None:
    sent = theirs.api().post("/api/v1/jobs", a_body(command="true", code=a_zip({"train.py": b""}))).json()
    named, unknown = (post(ours.api(), a_body(code=code)) for code in (sent["code"]["id"], str(uuid.uuid4())))
    assert (named.status_code, named.json()["field"]) == (400, "code")
    assert named.json()["title"] == unknown.json()["title"]


def test_an_archive_is_not_kept_where_another_field_is_wrong(ours: Tenant, a_body: MakeBody) -> None:
    body = a_body(pool="nowhere", command="true", code=a_zip({"train.py": b""}))
    response = ours.api().post("/api/v1/jobs", body)
    assert (response.status_code, response.json()["field"]) == (400, "pool")
    assert nothing_is_kept()


def test_an_archive_that_leads_out_of_its_folder_is_refused(ours: Tenant, a_body: MakeBody) -> None:
    response = ours.api().post("/api/v1/jobs", a_body(command="true", code=a_zip({"../train.py": b""})))
    assert (response.status_code, response.json()["field"]) == (400, "code")
    assert nothing_is_kept()


def test_a_form_with_a_field_that_came_twice_is_refused(ours: Tenant, a_body: MakeBody) -> None:
    response = ours.api().post("/api/v1/jobs", a_body(command="true") | {"name": ["a", "b"]})
    assert (response.status_code, response.json()["field"]) == (400, "name")


def test_a_file_where_a_text_belongs_is_refused(ours: Tenant, a_body: MakeBody) -> None:
    response = ours.api().post("/api/v1/jobs", a_body(command="true", name=SimpleUploadedFile("a", b"a")))
    assert (response.status_code, response.json()["field"]) == (400, "name")


def test_the_request_id_is_kept_with_the_jobs_first_event(ours: Tenant, a_body: MakeBody) -> None:
    response = post(ours.api(), a_body(), **{"X-Request-ID": "from-the-caller.1"})
    assert response["X-Request-ID"] == "from-the-caller.1"
    with scopes_disabled():
        assert JobEvent.objects.get(job=response.json()["id"]).request_id == "from-the-caller.1"
