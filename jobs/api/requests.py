"""How a job is asked for: the body of POST jobs, as JSON or as a form with the code as a file."""

import json
import shlex
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from era_platform.common.fields import BREAKS_TEXT, AmountField, StrictSerializer, TextField, TruthField, printable
from jobs.domain import MAX_ARGUMENTS, MAX_COMMAND_BYTES, MAX_DATASETS, MAX_IMAGE, MAX_VARIABLES, JobRequest
from pricing.api.flexible import EachField
from pricing.api.serializers import AskFields

TEXT = {"type": "string"}


@extend_schema_field(
    {
        "oneOf": [
            {"type": "array", "items": TEXT, "minItems": 1, "maxItems": MAX_ARGUMENTS},
            {"type": "string", "minLength": 1, "maxLength": MAX_COMMAND_BYTES},
        ],
        "example": ["python", "train.py", "--epochs", "10"],
    }
)
class CommandField(serializers.Field):
    """Program and arguments; a text is split as a shell splits it, but no shell runs it."""

    default_error_messages = {
        "form": _("Must be a list of texts, or one text."),
        "breaks": _("A zero byte or half a character is not allowed."),
        "shell": _("Cannot be split into words: {reason}."),
    }

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        words = self._split(data) if isinstance(data, str) else data
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.fail("form")
        if any(BREAKS_TEXT.search(word) for word in words):
            self.fail("breaks")
        return tuple(words)

    def _split(self, line: str) -> list[str]:
        try:
            return shlex.split(line)
        except ValueError as error:
            return self.fail("shell", reason=str(error).lower())


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": TEXT,
        "maxProperties": MAX_VARIABLES,
        "example": {"EPOCHS": "10"},
    }
)
class EnvField(serializers.Field):
    """Variables of the environment; what names may be is the domain's matter."""

    default_error_messages = {
        "form": _("Must be an object whose values are texts."),
        "value": _("The value of {name} must be a text."),
        "breaks": _("{name}: a zero byte or half a character is not allowed."),
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("form")
        for name, value in data.items():
            if not isinstance(value, str):
                self.fail("value", name=printable(name))
            if BREAKS_TEXT.search(name) or BREAKS_TEXT.search(value):
                self.fail("breaks", name=printable(name))
        return data


class JobFields(AskFields):
    """What is written alike as JSON and as a form."""

    value = EachField(
        AmountField(),
        help_text="What it is worth to you, in credits: you never pay more, and mostly less. "
        "Or a list, one for each of `units`.",
    )
    name = TextField(plain=True, max_length=120)
    image = TextField(plain=True, max_length=MAX_IMAGE, help_text="What it runs in.")
    project = TextField(
        plain=True,
        required=False,
        max_length=40,
        help_text="Short name of a project of your organization; its monthly limit holds.",
    )
    network = TruthField(
        required=False,
        help_text="On a cluster: let it talk to other jobs of your organization. Else it has no network.",
    )


class JobRequestSerializer(JobFields):
    command = CommandField(help_text="Program and arguments; a text is split by the rules of a shell.")
    env = EnvField(required=False, help_text="Variables. Names that begin with ERA_ are the platform's own.")
    datasets = serializers.ListField(
        child=TextField(plain=True, max_length=255),
        max_length=MAX_DATASETS,
        required=False,
        help_text="What it reads: `org/name`, the latest version now, or `org/name@3`. It finds them, read-only, in "
        "`$ERA_INPUT_DIR/org/name`.",
    )
    code = serializers.UUIDField(
        required=False, allow_null=True, help_text="An archive sent with an earlier job: `code.id` of that job."
    )


# Made once: to make one copies each of its fields, which takes longer than all that they check.
_BODY = JobRequestSerializer()


def read_request(body: Any) -> JobRequest:
    """What a body asks for. Raises REST framework's ValidationError naming each field that is wrong."""
    given = {name: value for name, value in _BODY.run_validation(body).items() if value is not None}
    first, *also = given.pop("configurations")
    return JobRequest(**given | first._asdict() | {"also": tuple(also), "datasets": tuple(given.get("datasets", ()))})


class JobFormSerializer(JobFields):
    """The same as a form: lists, `env` and `datasets` as JSON in text, `command` as JSON or as a line."""

    command = TextField(help_text="A JSON list of texts, or a line that is split by the rules of a shell.")
    env = TextField(required=False, help_text="A JSON object.")
    datasets = TextField(required=False, help_text="A JSON list.")
    code = serializers.FileField(required=False, help_text="A zip or tar.gz archive: the job's working directory.")


class CodeFormSerializer(StrictSerializer):
    """An archive alone."""

    code = serializers.FileField(help_text="A zip or tar.gz archive.")


def from_form(form: QueryDict) -> tuple[dict[str, Any], UploadedFile | None]:
    """The body that the same request would have as JSON, and the archive that came with it."""
    fields: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    archive = None
    for name, values in form.lists():
        if len(values) > 1:
            errors[printable(name)] = [_("Came {count} times.").format(count=len(values))]
        elif name == "code" and isinstance(values[0], UploadedFile):
            archive = values[0]
        elif isinstance(values[0], UploadedFile):
            errors[printable(name)] = [_("Must not be a file.")]
        else:
            fields[name] = _from_text(name, values[0])
    if errors:
        raise serializers.ValidationError(errors)
    return fields, archive


def _from_text(name: str, text: str) -> Any:
    """The JSON value that a form's text stands for; the text itself where it can't be read, for its field to refuse."""
    is_list = name in ("command", "value") and text.lstrip().startswith("[")
    if is_list or name in ("units", "duration", "env", "datasets", "nodes", "network"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text
