"""Jobs: from submission to settlement."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from datasets import holds
        from datasets import uses as uses_of_datasets
        from jobs.selectors.inputs import holders, uses
        from jobs.services.refit import history_of  # models are there only now
        from pricing.selectors import asked

        asked.comes_from(history_of)
        holds.register(holders)
        uses_of_datasets.register(uses)
