#!/usr/bin/env python3
"""Django's command line for the platform: `manage.py up` starts everything."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "era_platform.settings.embedded")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
