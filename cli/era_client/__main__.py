"""`era`, also as `python -m era_client`."""

import sys

from era_client.commands.app import app


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that can't show a sign is no reason to fail
    app()


if __name__ == "__main__":
    main()
