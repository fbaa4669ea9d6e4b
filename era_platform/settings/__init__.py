"""Settings: `base` holds what is always so; `embedded`, `production` and `testing` add what differs."""
