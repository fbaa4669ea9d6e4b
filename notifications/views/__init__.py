"""Pages about notices: a person's list and choices, an organization's webhooks."""
