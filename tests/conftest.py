"""What every test may use; the servers below it are started by tests/servers.py."""
