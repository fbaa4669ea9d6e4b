"""What is there of notices, deliveries, preferences and webhooks."""
