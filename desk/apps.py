"""The operator's desk: the whole platform seen and steered from one place."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.urls import path
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = _("Operator's desk")

    def ready(self) -> None:
        from accounts.admin_base import OperatorSite
        from accounts.services.top_ups import limit
        from desk.utilisation import Ratios
        from desk.views import reading
        from desk.views.audit import audit, audit_csv
        from desk.views.banners import banners
        from desk.views.credit import credit
        from desk.views.jobs import job, jobs
        from desk.views.maintenance import maintenance, pause
        from desk.views.top_ups import top_ups

        Ratios.parse(settings.ERA_UTILISATION_RATIOS)  # a wrong one is told at the start
        limit()  # so is this
        view = admin.site.admin_view
        OperatorSite.desk_urls = [
            path("", view(reading.now), name="desk_now"),
            path("book/", view(reading.book), name="desk_book"),
            path("utilisation/", view(reading.utilisation), name="desk_utilisation"),
            path("sales/", view(reading.sales), name="desk_sales"),
            path("jobs/", view(jobs), name="desk_jobs"),
            path("jobs/<uuid:job_id>/", view(job), name="desk_job"),
            path("credit/", view(credit), name="desk_credit"),
            path("maintenance/", view(maintenance), name="desk_maintenance"),
            path("pause/", view(pause), name="desk_pause"),
            path("banners/", view(banners), name="desk_banners"),
            path("top-ups/", view(top_ups), name="desk_top_ups"),
            path("audit/", view(audit), name="desk_audit"),
            path("audit/export/", view(audit_csv), name="desk_audit_csv"),
        ]
