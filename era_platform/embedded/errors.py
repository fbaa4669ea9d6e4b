"""How the platform says, in one line, that it cannot start here."""


class CannotStart(SystemExit):
    """What is wrong, with which value, and what to do. As an exit it prints itself and needs no catching."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"ERA Platform cannot start: {reason}")
