"""Whatever is sent to a call of the schema, the answer is one that the schema describes, and never a 5xx."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.api.conftest import MakeBody
from tests.datasets.ways import a_draft, published
from tests.factories import Tenant

pytestmark = [
    pytest.mark.api,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
]
EXAMPLES, EXAMPLES_OF_DATASETS = 15, 5
OF_DATASETS = r"^/api/v1/datasets"
HOW: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much
    ],
}  # fmt: skip
# A schema can't say that a pool must exist or a cursor have been given out, nor that `?state=` is `?`.
LEFT_OUT: list[Any] = [positive_data_acceptance]
LEFT_OUT_IN_LISTS: list[Any] = [*LEFT_OUT, negative_data_rejection]
DATASET = "/api/v1/datasets/{owner}/{name}"
VERSION = f"{DATASET}/versions/{{version}}"
LISTS = (
    "/api/v1/pools", "/api/v1/jobs", "/api/v1/wallet/transfers",
    "/api/v1/spending", "/api/v1/statements/{month}/transfers", "/api/v1/notices", "/api/v1/webhooks",
    "/api/v1/datasets", f"{DATASET}/versions", f"{VERSION}/files"
)  # fmt: skip

schema = schemathesis.openapi.from_wsgi("/api/v1/schema?format=json", get_wsgi_application())


@pytest.fixture
def real(pool: Any, ours: Tenant, theirs: Tenant, a_body: MakeBody) -> dict[str, Any]:
    """What paths can name that is there: a pool, a job of ours, a batch, and a dataset with a version and a draft."""
    job = ours.api().post("/api/v1/jobs", a_body(), content_type="application/json").json()
    many = {"requests": [a_body()]}
    batch = ours.api().post("/api/v1/jobs/batch", many, content_type="application/json").json()
    draft = a_draft(ours, published(ours).dataset, {"train/a.txt": b"one"})
    data = {"owner": "ours", "name": "digits", "version": str(draft.pk), "path": "train/a.txt"}
    return {"slug": pool.slug, "job_id": job["id"], "batch_id": batch["id"], **data}


@pytest.fixture
def token(ours: Tenant, real: dict[str, Any]) -> Iterator[str]:
    """Of an owner. Between requests Django would drop the connection that holds the test's own transaction."""
    secret = ours.token("owner")
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield secret
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.exclude(path_regex=OF_DATASETS).parametrize()
@settings(max_examples=EXAMPLES, **HOW)
def test_no_answer_is_a_surprise(case: schemathesis.Case, token: str, real: dict[str, Any]) -> None:
    ask(case, token, real)


@schema.include(path_regex=OF_DATASETS).parametrize()
@settings(max_examples=EXAMPLES_OF_DATASETS, **HOW)
def test_no_answer_about_datasets_is_a_surprise(case: schemathesis.Case, token: str, real: dict[str, Any]) -> None:
    ask(case, token, real)


def ask(case: schemathesis.Case, token: str, real: dict[str, Any]) -> None:
    check(case, token)
    if real.keys() & case.path_parameters.keys() and _path_is_valid(case):
        case.path_parameters.update({name: real[name] for name in case.path_parameters.keys() & real.keys()})
        check(case, token)


def check(case: schemathesis.Case, token: str) -> None:
    left_out = LEFT_OUT_IN_LISTS if (case.method, case.path) in [("GET", path) for path in LISTS] else LEFT_OUT
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=left_out)


def _path_is_valid(case: schemathesis.Case) -> bool:
    part = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    return part is not None and part.mode == schemathesis.GenerationMode.POSITIVE
