"""How jobs, their events, samples and receipts look in the API."""

from typing import Any

from rest_framework import serializers

from era_platform.common.fields import CreditsField, MomentField
from jobs.domain import BUDGET_EXCEEDED, INSUFFICIENT_FUNDS
from jobs.models import CodeArchive, Job, JobEvent, Sample
from jobs.outputs import OutputFile
from jobs.states import State
from pricing.api.serializers import AlternativeSerializer
from pricing.domain import Reason

STATES = [state.value for state in State]
REASONS = [*(reason.value for reason in Reason), INSUFFICIENT_FUNDS, BUDGET_EXCEEDED]


class JobSummarySerializer(serializers.Serializer[Job]):
    """A job as lists show it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(
        help_text=f"Why it was rejected ({', '.join(REASONS)}) or failed, all paid back (`platform`; `dataset`: it was "
        "not started, for one of its datasets can't be read any more); else empty."
    )
    pool = serializers.CharField(source="pool.slug")
    project = serializers.CharField(source="project.slug", default=None, allow_null=True)
    units = serializers.IntegerField()
    duration = serializers.IntegerField(help_text="Seconds asked for.")
    earliest = MomentField(allow_null=True)
    deadline = MomentField()
    value = CreditsField()
    price = CreditsField(allow_null=True, help_text="What it costs; for a rejected job, what it would have cost.")
    paid = CreditsField(allow_null=True, help_text="What was taken; null until it is settled.")
    credit = CreditsField(help_text="What was given beside the refund because its slot was lost.")
    start = MomentField(source="start_at", allow_null=True)
    end = MomentField(source="end_at", allow_null=True)
    promised_start = MomentField(
        allow_null=True, help_text="The start that was accepted; `start` differs from it only if machines were lost."
    )
    submitted_at = MomentField()
    submitted_by = serializers.CharField(source="submitted_by.email")
    started_at = MomentField(allow_null=True)
    finished_at = MomentField(allow_null=True)
    exit_code = serializers.IntegerField(allow_null=True, help_text="128 + n where signal n ended it.")
    attempt = serializers.IntegerField(help_text="How often it was begun.")
    batch = serializers.UUIDField(source="batch_id", allow_null=True, help_text="The batch it came with.")
    batch_index = serializers.IntegerField(allow_null=True, help_text="Its place there, from 0.")


class CodeSerializer(serializers.Serializer[CodeArchive]):
    """An archive of code; its `id` can be given as `code` of another job."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    format = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField(source="digest")


class JobConfigurationSerializer(serializers.Serializer[Any]):
    """One of the configurations of a flexible request."""

    units = serializers.IntegerField()
    duration = serializers.IntegerField(help_text="Seconds.")
    value = CreditsField()


class JobSerializer(JobSummarySerializer):
    """All about a job."""

    image = serializers.CharField()
    command = serializers.ListField(child=serializers.CharField())
    env = serializers.DictField(child=serializers.CharField())
    datasets = serializers.ListField(
        child=serializers.CharField(), help_text="What it reads, each with the version that it was settled on."
    )
    code = CodeSerializer(allow_null=True)
    nodes = serializers.IntegerField(help_text="Machines that its units are split over.")
    network = serializers.BooleanField(help_text="Whether it may talk to other jobs of your organization.")
    configurations = JobConfigurationSerializer(
        many=True,
        help_text="All that would have done, in the order asked; empty where only one was. "
        "`units`, `duration` and `value` are those of the one that was chosen.",
    )
    alternatives = AlternativeSerializer(many=True, help_text="What would have been accepted instead.")


class JobEventSerializer(serializers.Serializer[JobEvent]):
    """One thing that happened to a job."""

    id = serializers.IntegerField()
    at = MomentField()
    kind = serializers.CharField()
    state = serializers.CharField(help_text="The state it came to; empty where the state stayed.")
    detail = serializers.DictField()
    request_id = serializers.CharField(help_text="Of the request on whose behalf it happened.")


class SampleSerializer(serializers.Serializer[Sample]):
    """What an attempt's instance used."""

    id = serializers.IntegerField()
    at = MomentField()
    attempt = serializers.IntegerField()
    cpu_seconds = serializers.FloatField(help_text="Since the attempt began.")
    memory_bytes = serializers.IntegerField()
    gpu_percent = serializers.FloatField(allow_null=True, help_text="Mean use of its GPUs; null where nobody can tell.")
    gpu_memory_bytes = serializers.IntegerField(allow_null=True, help_text="Of all its GPUs together.")


class ReceiptRequestSerializer(serializers.Serializer[Job]):
    """What was asked."""

    units = serializers.IntegerField()
    duration = serializers.IntegerField()
    earliest = MomentField(allow_null=True)
    deadline = MomentField()
    value = CreditsField()
    configurations = JobConfigurationSerializer(many=True, help_text="Of a flexible request; else empty.")


class OutputSerializer(serializers.Serializer[OutputFile]):
    """A file that a job wrote to $ERA_OUTPUT_DIR."""

    path = serializers.CharField(help_text="Goes after `outputs/`; may hold slashes.")
    size = serializers.IntegerField()
    modified = MomentField(source="modified_at")
