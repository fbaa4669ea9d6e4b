"""The composition root as an app: it carries the commands that start the platform."""

from django.apps import AppConfig


class EraPlatformConfig(AppConfig):
    name = "era_platform"
    verbose_name = "ERA Platform"
