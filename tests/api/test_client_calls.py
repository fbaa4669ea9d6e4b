"""What the command line asks beside the calls about jobs: who it is, and to keep an archive of code."""

import uuid

import pytest
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django import Settings

from jobs.models import CodeArchive
from tests.api.archives import a_zip
from tests.api.conftest import MakeBody
from tests.factories import Tenant

CODE = "/api/v1/jobs/code"


def test_a_token_is_told_whom_it_speaks_for(ours: Tenant, settings: Settings) -> None:
    settings.ERA_CODE_ARCHIVE_MAX_BYTES = 12345
    told = ours.api().get("/api/v1/me").json()
    assert told | {"token": "", "organization_name": ""} == {
        "user": ours.member.email,
        "organization": "ours",
        "organization_name": "",
        "role": "member",
        "token": "",
        "limits": {
            "code_bytes": 12345,
            "code_unpacked_bytes": settings.ERA_CODE_UNPACKED_MAX_BYTES,
            "code_files": settings.ERA_CODE_MAX_FILES,
        },
    }


def test_nobody_is_told_nothing(db: None) -> None:
    assert Client().get("/api/v1/me").status_code == 401


@pytest.mark.usefixtures("pool")
def test_an_archive_sent_alone_is_code_of_a_later_job(ours: Tenant, a_body: MakeBody) -> None:
    client = ours.api()
    kept = client.post(CODE, {"code": a_zip({"train.py": b"print(1)"})})
    assert kept.status_code == 201
    job = client.post("/api/v1/jobs", a_body(code=kept.json()["id"]), content_type="application/json").json()
    assert job["code"] == kept.json()


def test_the_same_archive_is_kept_once(ours: Tenant) -> None:
    client = ours.api()
    ids = {client.post(CODE, {"code": a_zip({"train.py": b"print(1)"})}).json()["id"] for _ in range(2)}
    with scopes_disabled():
        assert len(ids) == CodeArchive.objects.count() == 1


@pytest.mark.parametrize("form", [{}, {"code": "text"}, {"other": "x"}], ids=["nothing", "text", "unknown"])
def test_what_is_no_archive_is_refused_by_its_field(ours: Tenant, form: dict[str, str]) -> None:
    answer = ours.api().post(CODE, form)
    assert answer.status_code == 400
    assert answer.json()["field"] in ("code", "other")


def test_code_of_another_organization_is_not_there(
    ours: Tenant, theirs: Tenant, pool: object, a_body: MakeBody
) -> None:
    kept = ours.api().post(CODE, {"code": a_zip({"train.py": b"print(1)"})}).json()["id"]
    for unknown in (kept, str(uuid.uuid4())):
        answer = theirs.api().post("/api/v1/jobs", a_body(code=unknown), content_type="application/json")
        assert answer.status_code == 400
        assert answer.json()["field"] == "code"
