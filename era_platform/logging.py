"""How everything that runs says what it does: one JSON object a line in production, readable lines embedded."""

import os
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import Processor

# Each of these says something every second, or what a line of ours says better.
QUIET = {
    "celery.app.trace": "WARNING",
    "celery.worker.strategy": "WARNING",
    "celery.beat": "WARNING",
    "django.server": "WARNING",
    "django.request": "CRITICAL",  # the request log has a line for each answer, and for each exception
    "django_structlog.celery": "WARNING",
    "uvicorn.access": "WARNING",
}
COMMON: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
]


def logging_configuration(style: str, level: str) -> dict[str, Any]:
    """Django's LOGGING; `style` is "json" or "console". Sets structlog up to the same effect."""
    stamp: list[Processor] = [structlog.processors.TimeStamper(fmt="iso", utc=True)] if style == "json" else []
    chain = [*COMMON, *stamp]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": chain,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(style)],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {style: formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": style}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            **{name: {"level": quiet} for name, quiet in QUIET.items()},
        },
    }


def _rendering(style: str) -> list[Processor]:
    if style == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # The supervisor that prints these lines puts the time before each.
    # Plain tracebacks: prettier ones show the values of variables, and some of those are secrets.
    colours = wants_colours(os.environ)
    return [
        structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)
    ]


def wants_colours(environment: Mapping[str, str]) -> bool:
    """As https://no-color.org and FORCE_COLOR have it; by itself only on a terminal."""
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or sys.stderr.isatty()
