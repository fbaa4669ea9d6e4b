"""What happened that somebody may want to know, and who was told how."""

from notifications.models.deliveries import Delivery
from notifications.models.notices import Kind, Notice
from notifications.models.preferences import Preference
from notifications.models.webhooks import Webhook

__all__ = ["Delivery", "Kind", "Notice", "Preference", "Webhook"]
