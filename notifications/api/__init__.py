"""The API of notices and webhooks."""
