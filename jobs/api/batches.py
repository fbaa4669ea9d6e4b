"""Many jobs in one call: how a batch is asked for, and how it is answered."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView
from accounts.models import Role
from era_platform.common.errors import InvalidInput
from era_platform.common.fields import BREAKS_TEXT, CreditsField, MomentField, StrictSerializer, TextField, printable
from era_platform.common.moments import format_moment
from era_platform.common.money import format_credits
from era_platform.common.parsers import JSONParser
from era_platform.common.problems import problems_of
from jobs import sweeps
from jobs.api.idempotency import KEY_PARAMETER, idempotency_key
from jobs.api.requests import JobRequestSerializer, read_request
from jobs.api.serializers import REASONS, STATES
from jobs.domain import JobRequest
from jobs.models import Batch
from jobs.selectors.batches import find_batch, outcomes
from jobs.services.submit import MOST_ERRORS
from jobs.services.submit_batch import submit_batch
from jobs.sweeps import MAX_PARAMETERS, MAX_REQUESTS

EXAMPLE = {
    "template": {
        "pool": "local",
        "units": 1,
        "duration": 600,
        "deadline": "2030-01-02T00:00:00Z",
        "value": "5.00",
        "name": "lr={lr} seed={seed}",
        "image": "host",
        "command": ["python", "train.py", "--lr", "{lr}"],
        "env": {"SEED": "{seed}"},
    },
    "sweep": {"lr": ["0.1", "0.01"], "seed": [1, 2, 3]},
    "mode": "best_effort",
}


class BatchJSONParser(JSONParser):
    """Larger than other bodies."""

    @property
    def most(self) -> int:
        return int(settings.ERA_BATCH_MAX_BYTES)


@extend_schema_field(JobRequestSerializer(many=True))
class RequestsField(serializers.Field):
    """A list; what is in it is read one by one, so that what is wrong can be named by its place."""

    default_error_messages = {
        "form": gettext_lazy("Must be a list of requests."),
        "empty": gettext_lazy("A batch needs at least one request."),
        "many": gettext_lazy("{count} requests are more than {most}; send them in several batches."),
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("form")
        if not data:
            self.fail("empty")
        if len(data) > MAX_REQUESTS:
            self.fail("many", count=len(data), most=MAX_REQUESTS)
        return data


@extend_schema_field(
    {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MAX_PARAMETERS,
        "additionalProperties": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        },
        "example": {"lr": ["0.1", "0.01"], "seed": [1, 2, 3]},
    }
)
class SweepField(serializers.Field):
    """Parameters and their values; a number becomes the text that stands for it."""

    default_error_messages = {
        "form": gettext_lazy("Must be an object whose values are lists of texts or numbers."),
        "values": gettext_lazy("The values of {name} must be a list of texts or numbers."),
        "breaks": gettext_lazy("{name}: a zero byte or half a character is not allowed."),
    }

    def to_internal_value(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, dict):
            self.fail("form")
        return {name: self._texts(printable(name), values) for name, values in data.items()}

    def _texts(self, name: str, values: Any) -> list[str]:
        if not isinstance(values, list) or any(not isinstance(one, str | int | float) for one in values):
            self.fail("values", name=name)
        if any(isinstance(one, bool) for one in values):
            self.fail("values", name=name)
        if BREAKS_TEXT.search(name) or any(BREAKS_TEXT.search(one) for one in values if isinstance(one, str)):
            self.fail("breaks", name=name)
        try:
            return [str(one) for one in values]
        except ValueError:  # more digits than Python writes out
            return self.fail("values", name=name)


@extend_schema_field(JobRequestSerializer)
class TemplateField(serializers.Field):
    """A request; read like any other, so that what is wrong with it is named alike."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class BatchRequestSerializer(StrictSerializer):
    """Either `requests`, or `template` with `sweep`."""

    requests = RequestsField(required=False, help_text=f"At most {MAX_REQUESTS:,}, priced in this order.")
    template = TemplateField(
        required=False, help_text="With `{parameter}` in `name`, `command` and the values of `env`."
    )
    sweep = SweepField(
        required=False, help_text="Parameters and their values; all combinations, the last changing fastest."
    )
    mode = serializers.ChoiceField(
        choices=Batch.Mode.values,
        default=Batch.Mode.ALL_OR_NOTHING.value,
        help_text="`best_effort` keeps what can be had; `all_or_nothing` refuses all where one is refused.",
    )
    name = TextField(plain=True, max_length=120, required=False, help_text="Of the batch; else that of its first job.")


_BODY = BatchRequestSerializer()  # made once: to make one copies each of its fields


class Wanted(NamedTuple):
    """What a body asks for; `place` says what its k-th request is called in an error."""

    requests: list[JobRequest]
    mode: Batch.Mode
    name: str
    place: Callable[[int], str]


def read_batch(body: Any) -> Wanted:
    """Raises InvalidInput or REST framework's ValidationError, naming what is wrong by its place."""
    given = _BODY.run_validation(body)
    mode, name = Batch.Mode(given["mode"]), given.get("name", "")
    if ("requests" in given) == ("template" in given) or ("sweep" in given) != ("template" in given):
        raise InvalidInput(
            _("Give either `requests`, or `template` together with `sweep`."),
            field="requests" if "requests" in given or "template" not in given else "sweep",
        )
    if "requests" in given:
        place = "requests[{}]".format
        return Wanted(_read_each(given["requests"], place), mode, name, place)
    [template] = _read_each([given["template"]], lambda _number: "template")
    return Wanted(sweeps.expanded(template, given["sweep"]), mode, name, lambda _number: "template")


def _read_each(bodies: list[Any], place: Callable[[int], str]) -> list[JobRequest]:
    requests: list[JobRequest] = []
    errors: list[dict[str, str]] = []
    for number, body in enumerate(bodies):
        try:
            requests.append(read_request(body))
        except serializers.ValidationError as invalid:
            errors += problems_of(invalid, place(number))
            if len(errors) >= MOST_ERRORS:
                break
    if errors:
        raise InvalidInput(errors[0]["detail"], field=errors[0]["field"], errors=errors)
    return requests


class OutcomeSerializer(serializers.Serializer[Any]):
    """What came of one request."""

    index = serializers.IntegerField(help_text="Its place in the batch, from 0; in the job, ERA_BATCH_INDEX.")
    id = serializers.UUIDField(help_text="Of the job.")
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(help_text=f"Why it was rejected: {', '.join(REASONS)}; else as for any job.")
    price = CreditsField(allow_null=True, help_text="What it costs; for a rejected one, what it would have cost then.")
    start = MomentField(allow_null=True)
    end = MomentField(allow_null=True)


class BatchSerializer(serializers.Serializer[Batch]):
    """A batch and what came of each of its requests, in their order."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(choices=Batch.Mode.values)
    submitted_at = MomentField()
    submitted_by = serializers.CharField()
    size = serializers.IntegerField(help_text="How many requests there were.")
    accepted = serializers.IntegerField()
    refused = serializers.IntegerField()
    price = CreditsField(help_text="Of the accepted ones together.")
    results = OutcomeSerializer(many=True)


def tell(batch: Batch) -> dict[str, Any]:
    """A batch as BatchSerializer describes it. By hand: ten thousand rows through REST framework take seconds."""
    moment, credits_ = cache(format_moment), cache(format_credits)
    return {
        "id": str(batch.pk),
        "name": batch.name,
        "mode": batch.mode,
        "submitted_at": format_moment(batch.submitted_at),
        "submitted_by": batch.submitted_by.email,
        "size": batch.size,
        "accepted": batch.accepted,
        "refused": batch.refused,
        "price": format_credits(batch.price),
        "results": [
            {
                "index": one.place,
                "id": str(one.id),
                "state": one.state,
                "reason": one.reason,
                "price": None if one.price is None else credits_(one.price),
                "start": moment(one.start) if one.start else None,
                "end": moment(one.end) if one.end else None,
            }
            for one in outcomes(batch)
        ],
    }


class BatchesView(TenantAPIView):
    at_least = Role.MEMBER
    parser_classes = (BatchJSONParser,)

    @extend_schema(
        operation_id="submit_batch",
        request=BatchRequestSerializer,
        parameters=[KEY_PARAMETER],
        responses={
            201: OpenApiResponse(BatchSerializer, "Decided, in order."),
            402: None,
            403: None,
            409: None,
            422: None,
        },
        examples=[OpenApiExample("Six jobs of two parameters", EXAMPLE, "application/json", request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Submit up to 10,000 jobs. They are priced in order, and the answer binds for all of them at once."""
        key = idempotency_key(request)
        wanted = read_batch(request.data)
        batch = submit_batch(
            actor=self.membership.user,
            organization=self.organization,
            requests=wanted.requests,
            mode=wanted.mode,
            name=wanted.name,
            idempotency_key=key,
            place=wanted.place,
        )
        location = request.build_absolute_uri(reverse("api-batch", args=[batch.pk]))
        return Response(tell(batch), status=201, headers={"Location": location})


class BatchView(TenantAPIView):
    @extend_schema(operation_id="batch", responses=BatchSerializer)
    def get(self, request: Request, batch_id: UUID) -> Response:
        """A batch, and its jobs as they are now."""
        return Response(tell(find_batch(self.organization, batch_id)))
