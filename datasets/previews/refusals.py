"""Why a file can't be shown: a code that the pages put into words, and the values in it."""


class Refused(Exception):
    """Nothing that anybody has to mend: the file is whole and can be downloaded."""

    def __init__(self, code: str, **values: int | str) -> None:
        super().__init__(code)
        self.code, self.values = code, values
