"""What movements of money are called."""

from django.utils.translation import gettext as _


def transfer_label(kind: str) -> str:
    """What a movement of money is to the one whose money it is."""
    return {
        "top_up": _("Top-up"),
        "hold": _("Held for a job"),
        "capture": _("Paid for a job"),
        "release": _("Came back from a job"),
        "refund": _("Refund"),
        "credit": _("Credit"),
        "withdrawal": _("Paid back"),
    }[kind]
