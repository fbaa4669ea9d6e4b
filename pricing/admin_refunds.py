"""The operators' page for a pool's refund policy: what it says, what changes would say, and every version."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from era_platform.common.errors import Problem
from era_platform.common.problems import add_to_form
from pricing.models import Pool, RefundPolicy
from pricing.refund_words import sentences
from pricing.refunds import LONGEST_NOTICE, Notice, Policy, faults
from pricing.services import refund_policies

NUMBERS = tuple(name for name in Policy._fields if name != "notice")


class RefundPolicyForm(forms.ModelForm):
    """The steps are lines such as `86400 100`: seconds before the start, percent that comes back."""

    notice = forms.CharField(
        label=gettext_lazy("Cancelled before the start"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 24}),
        help_text=gettext_lazy(
            "A line for each step, the longest notice first: seconds before the start, and percent of the price that "
            "comes back. With less notice than the last line's, nothing does; “0 100” gives all back until the start."
        ),
    )

    class Meta:
        model = RefundPolicy
        fields = ("notice", *NUMBERS)

    def clean_notice(self) -> tuple[Notice, ...]:
        steps = []
        for line in self.cleaned_data["notice"].splitlines():
            words = line.split()
            if not words:
                continue
            if len(words) != 2 or not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
                raise forms.ValidationError(
                    _("“%(line)s” is not seconds and percent, such as 86400 100."), params={"line": line[:60]}
                )
            steps.append(Notice(int(words[0]), int(words[1])))
        if fault := faults(Policy(tuple(steps))).get("notice"):
            raise forms.ValidationError(fault)
        return tuple(steps)

    def policy(self) -> Policy:
        given = self.cleaned_data
        return Policy(notice=given["notice"], **{name: given[name] for name in NUMBERS})


class RefundPages(admin.ModelAdmin):
    """Adds `<pool>/refunds/` to the pages of a pool."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.refunds_view)
        return [path("<int:pool_id>/refunds/", view, name="pricing_pool_refunds"), *super().get_urls()]

    def refunds_view(self, request: HttpRequest, pool_id: int) -> HttpResponse:
        """admin/pricing/pool/refunds.html: `form`, `now`, `then` (sentences; `then` in a preview only), `versions`."""
        pool = self.get_object(request, str(pool_id))
        if not self.has_view_permission(request, pool):
            raise PermissionDenied
        if pool is None:
            return HttpResponseRedirect(reverse("admin:pricing_pool_changelist"))
        may_change, then = self.has_change_permission(request, pool), list[str]()
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        current = pool.refund_policy.policy if pool.refund_policy else Policy()
        form = RefundPolicyForm(request.POST if request.method == "POST" else None, initial=_shown(current))
        if form.is_valid():
            if "preview" in request.POST:
                then = sentences(form.policy())
            elif self._change(request, pool, form):
                return HttpResponseRedirect(reverse("admin:pricing_pool_refunds", args=[pool_id]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Refunds of {pool}").format(pool=pool.name),
            "opts": self.model._meta,
            "original": pool,
            "form": form,
            "may_change": may_change,
            "now": sentences(current),
            "then": then,
            "versions": pool.refund_policies.select_related("created_by").order_by("-version")[:100],
        }
        return TemplateResponse(request, "admin/pricing/pool/refunds.html", context)

    def _change(self, request: HttpRequest, pool: Pool, form: RefundPolicyForm) -> bool:
        assert isinstance(request.user, User)
        try:
            made = refund_policies.change(actor=request.user, pool_id=pool.pk, policy=form.policy())
        except Problem as problem:
            add_to_form(form, problem)
            return False
        text = _("Version {version} holds for what is sold from now on.").format(version=made.version)
        self.message_user(request, text, messages.SUCCESS)
        return True


def _shown(policy: Policy) -> dict[str, Any]:
    assert LONGEST_NOTICE < 10**9, "what clean_notice takes"
    lines = "\n".join(f"{step.seconds} {step.percent}" for step in policy.notice)
    return {**policy._asdict(), "notice": lines}
