"""Pages about what an organization has paid."""
