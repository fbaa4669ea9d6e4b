"""The form of a new job: what to run, and what to ask the market for it."""

import shlex
from typing import Any, cast
from uuid import UUID, uuid4

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Project
from era_platform.common.money import format_credits
from jobs.domain import MAX_IMAGE, JobRequest
from jobs.models import Batch, CodeArchive, Job
from pricing.forms import AskForm, duration_parts
from pricing.models import Pool

SHELL = ("/bin/sh", "-c")


class PoolField(forms.ModelChoiceField):
    def label_from_instance(self, pool: Pool) -> str:
        return pool.name


class ProjectField(forms.ModelChoiceField):
    """Of those of `open_projects`: each says what may still be spent for it."""

    def label_from_instance(self, project: Project) -> str:
        if project.monthly_limit is None:
            return project.name
        left = max(project.monthly_limit - project.spent, 0)  # type: ignore[attr-defined]  # annotated
        return _("{name} ({left} left this month)").format(name=project.name, left=format_credits(left))


class TextsField(forms.Field):
    """Several texts under one name; empty ones are left out."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> tuple[str, ...]:
        return tuple(text.strip() for text in value or () if text.strip())


class JobForm(AskForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    pool = PoolField(
        Pool.objects.filter(is_open=True), to_field_name="slug", label=gettext_lazy("Pool"), empty_label=None
    )
    image = forms.CharField(label=gettext_lazy("Image"), max_length=MAX_IMAGE, initial="host")
    project = ProjectField(
        Project._base_manager.none(),
        to_field_name="slug",
        label=gettext_lazy("Project"),
        required=False,
        empty_label=gettext_lazy("none"),
    )
    network = forms.BooleanField(
        label=gettext_lazy("Network"),
        required=False,
        help_text=gettext_lazy("On a cluster: it may talk to other jobs of this organization."),
    )
    command_kind = forms.ChoiceField(
        label=gettext_lazy("What to run"),
        choices=[("line", gettext_lazy("One command")), ("script", gettext_lazy("A script"))],
        initial="line",
        widget=forms.RadioSelect,
    )
    command_line = forms.CharField(
        label=gettext_lazy("Command"),
        required=False,
        strip=True,
        help_text=gettext_lazy("Split as a shell would split it; quotes keep words together."),
    )
    script = forms.CharField(
        label=gettext_lazy("Script"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy("Run by /bin/sh in the folder with your code."),
    )
    datasets = TextsField(label=gettext_lazy("Datasets"), required=False)
    code = forms.FileField(label=gettext_lazy("Code"), required=False, allow_empty_file=True)
    code_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    idempotency_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        stored_code: CodeArchive | None = None,
        projects: QuerySet[Project] | None = None,
        **kwargs: Any,
    ) -> None:
        """`projects` are those to choose from."""
        super().__init__(*args, **kwargs)
        self.stored_code = stored_code
        if projects is not None:
            cast(ProjectField, self.fields["project"]).queryset = projects

    @cached_property
    def env_rows(self) -> list[tuple[str, str]]:
        """The environment as filled in, row by row; empty rows are left out."""
        if not self.is_bound:
            return list(self.initial.get("env", {}).items())
        data = cast(QueryDict, self.data)
        rows = zip(data.getlist("env_name"), data.getlist("env_value"), strict=False)
        return [(name.strip(), value) for name, value in rows if name.strip() or value]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        names = [name for name, _value in self.env_rows]
        if len(set(names)) < len(names):
            self.add_error(None, _("A variable is given twice."))
        cleaned["env"] = dict(self.env_rows)
        cleaned["command"] = self._command(cleaned)
        return cleaned

    def request(self, code: UUID | None) -> JobRequest:
        given, ask = self.cleaned_data, self.ask()
        return JobRequest(
            pool=given["pool"].slug,
            units=ask.units,
            duration=ask.duration,
            deadline=ask.deadline,
            earliest=ask.earliest,
            value=given["value"],
            name=given["name"],
            image=given["image"],
            command=given["command"],
            env=given["env"],
            datasets=given["datasets"],
            code=code,
            nodes=ask.step,
            network=given["network"],
            project=given["project"].slug if given["project"] else "",
            also=ask.also,
        )

    def _command(self, cleaned: dict[str, Any]) -> tuple[str, ...]:
        if cleaned.get("command_kind") == "script":
            script = cleaned.get("script", "").replace("\r\n", "\n")
            if not script.strip():
                self.add_error("script", _("Write what is to run."))
            return (*SHELL, script)
        try:
            command = tuple(shlex.split(cleaned.get("command_line", "")))
        except ValueError as error:
            self.add_error("command_line", _("A quote is not closed.") if "quot" in str(error) else str(error))
            return ()
        if not command:
            self.add_error("command_line", _("Write what is to run."))
        return command


class SweepForm(JobForm):
    """A job as a template, and the values of its placeholders: a line for each parameter, `lr = 0.1, 0.01`."""

    parameters = forms.CharField(
        label=gettext_lazy("Parameters"),
        max_length=200_000,
        widget=forms.Textarea(
            attrs={"rows": 4, "spellcheck": "false", "placeholder": "lr = 0.1, 0.01\nseed = 1, 2, 3"}
        ),
        help_text=gettext_lazy(
            "A line for each, its values with commas between. {name} in the job's name, command and environment"
            " stands for the value; there is one job for each combination."
        ),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Where one of them is refused"),
        choices=[
            (Batch.Mode.BEST_EFFORT.value, gettext_lazy("buy the others")),
            (Batch.Mode.ALL_OR_NOTHING.value, gettext_lazy("buy none")),
        ],
    )

    def clean_parameters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for line in self.cleaned_data["parameters"].splitlines():
            name, _equals, values = line.partition("=")
            if not line.strip():
                continue
            if name.strip() in found:
                raise forms.ValidationError(_("“%(name)s” is given twice."), params={"name": name.strip()[:60]})
            found[name.strip()] = [value.strip() for value in values.split(",") if value.strip()]
        return found


def first_values(**values: Any) -> dict[str, Any]:
    """What a new form starts from; its key makes sending it twice the same as once."""
    return {"idempotency_key": uuid4(), "command_kind": "line", "units": 1, "nodes": 1, **values}


def values_of(job: Job) -> dict[str, Any]:
    """A form filled in as this job was, but for its window: that has passed, or will have."""
    command = job.command
    is_script = len(command) == 3 and tuple(command[:2]) == SHELL
    ways = job.configurations or [{"units": job.units, "duration": job.duration, "value": job.value}]
    first, *also = ({"units": way["units"], **duration_parts(way["duration"])} for way in ways)
    return first_values(
        name=job.name,
        pool=job.pool.slug,
        image=job.image,
        command_kind="script" if is_script else "line",
        command_line="" if is_script else shlex.join(command),
        script=command[2] if is_script else "",
        env=job.env,
        datasets=job.datasets,
        code_id=job.code_id,
        nodes=job.nodes,
        network=job.network,
        project=job.project.slug if job.project else "",
        value=format_credits(ways[0]["value"]),
        also=also,
        **first,
    )
