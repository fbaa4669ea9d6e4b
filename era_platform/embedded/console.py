"""What everybody says, line by line, each with the name of who says it."""

import sys
from asyncio import StreamReader
from collections.abc import Iterator
from datetime import datetime

from honcho.colour import get_colours
from honcho.printer import Message, Printer

CHUNK = 65_536
OWN_NAME = "era"


class Console:
    """Prints to standard output, in colour where that is a terminal."""

    def __init__(self, names: list[str]) -> None:
        self._printer = Printer(sys.stdout, width=max(map(len, [*names, OWN_NAME])))
        colours: Iterator[str] = get_colours()
        self._colours = dict(zip(names, colours, strict=False))

    def say(self, text: str) -> None:
        self.line(OWN_NAME, text)

    def line(self, name: str, text: str) -> None:
        now = datetime.now()
        self._printer.write(Message("line", text, now, name, self._colours.get(name)))

    async def follow(self, name: str, stream: StreamReader) -> None:
        """Print what comes until the stream ends; lines of any length, the last one perhaps unfinished."""
        rest = b""
        while chunk := await stream.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.line(name, line.decode(errors="replace"))
        if rest:
            self.line(name, rest.decode(errors="replace"))
