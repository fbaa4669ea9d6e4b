"""Banners: put up, looked through and taken down."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import staff
from accounts.models import StaffRole, User
from desk.models import Banner
from desk.services.banners import put_up, take_down
from era_platform.common.errors import Problem
from era_platform.common.problems import add_to_form

LISTED = 100


class BannerForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("Text"), max_length=400, widget=forms.Textarea({"rows": 3}))
    level = forms.ChoiceField(label=gettext_lazy("Level"), choices=Banner.Level.choices)
    since = forms.SplitDateTimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=AdminSplitDateTime(),
        help_text=gettext_lazy("UTC. Empty: from now on."),
    )
    until = forms.SplitDateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=AdminSplitDateTime(),
        help_text=gettext_lazy("UTC. Empty: until it is taken down."),
    )


class TakeDownForm(forms.Form):
    take_down = forms.IntegerField(min_value=1, max_value=2**63 - 1)


@require_http_methods(["GET", "HEAD", "POST"])
def banners(request: HttpRequest) -> HttpResponse:
    """admin/desk/banners.html: `form`, `known` (the newest), `may_act`."""
    staff.require(request.user, *([StaffRole.OPERATOR] if request.method == "POST" else StaffRole))
    assert isinstance(request.user, User)
    if "take_down" in request.POST:
        _take_down(request, request.user)
        return redirect("admin:desk_banners")
    form = BannerForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _put_up(request, request.user, form):
        return redirect("admin:desk_banners")
    context = {
        **admin.site.each_context(request),
        "title": _("Banners"),
        "form": form,
        "media": form.media,
        "known": Banner.objects.select_related("created_by")[:LISTED],
        "may_act": staff.role_of(request.user) == StaffRole.OPERATOR,
    }
    return TemplateResponse(request, "admin/desk/banners.html", context, status=400 if form.errors else 200)


def _put_up(request: HttpRequest, actor: User, form: BannerForm) -> bool:
    given = form.cleaned_data | {"level": Banner.Level(form.cleaned_data["level"])}
    try:
        put_up(actor=actor, **given)
    except Problem as problem:
        add_to_form(form, problem)
        return False
    messages.success(request, _("Everybody who uses the portal sees it."))
    return True


def _take_down(request: HttpRequest, actor: User) -> None:
    form = TakeDownForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("“{value}” is no banner.").format(value=request.POST["take_down"][:60]))
        return
    try:
        taken = take_down(actor=actor, banner_id=form.cleaned_data["take_down"])
        messages.success(request, _("Taken down: {banner}").format(banner=taken))
    except Problem as problem:
        messages.error(request, problem.detail)
