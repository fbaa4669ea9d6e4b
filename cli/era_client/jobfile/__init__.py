"""Reads job files: YAML with a schema of its own, and line and column for all that is wrong."""

from era_client.jobfile.load import JobFile, Sweep, from_options, load

__all__ = ["JobFile", "Sweep", "from_options", "load"]
