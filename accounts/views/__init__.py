"""Pages about organizations, the people in them, their tokens and their money."""
