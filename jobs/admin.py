"""The cluster for operators: what the book thinks each pool has, and what its nodes give, side by side."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.admin_base import ReadOnlyAdmin
from jobs.models import Node
from jobs.selectors.cluster import nodes_of_no_pool, standings


@admin.register(Node)
class NodeAdmin(ReadOnlyAdmin):
    """Nodes come from the engine. One that is gone for good, with nothing lost on its account, can be forgotten."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        gone = isinstance(obj, Node) and not obj.available and obj.outage is None
        return gone and bool(request.user.has_perm("jobs.delete_node"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """admin/jobs/node/cluster.html: `standings`, `others` (nodes of no pool), `grace` and `ahead` in seconds."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Cluster"),
            "opts": self.model._meta,
            "standings": list(standings()),
            "others": nodes_of_no_pool(),
            "grace": settings.ERA_NODE_GRACE_SECONDS,
            "ahead": settings.ERA_REPLAN_AHEAD_SECONDS,
        }
        return TemplateResponse(request, "admin/jobs/node/cluster.html", context)
