"""The command `era`: what people type, and how the answers look."""
