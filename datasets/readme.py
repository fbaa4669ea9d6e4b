"""Markdown that strangers wrote, as HTML: no tags of their own, no scripts, no pictures from elsewhere."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from posixpath import normpath
from urllib.parse import unquote

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from datasets import kinds

MOST = 100_000
SHIFT = 2
"""Headings of the text are below those of the page."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ABROAD = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.validateLink = lambda url: bool(_ABROAD.match(url)) or _SCHEME.match(url) is None  # type: ignore[method-assign]


def rendered(text: str, *, file: Callable[[str], str], picture: Callable[[str], str]) -> SafeString:
    """`file` and `picture` give the addresses of files of the dataset, by path, "" where there is none."""
    tokens = _markdown.parse(text[:MOST])
    for token in _all(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + SHIFT)}"
        elif token.type == "link_open":
            _send(token, file)
        elif token.type == "image":
            _draw(token, picture)
        elif token.type == "table_open":
            token.attrSet("class", "table")
    html: str = _markdown.renderer.render(tokens, _markdown.options, {})
    return mark_safe(html)  # made of escaped text and of the renderer's own tags


def paths(text: str) -> set[str]:
    """The files that it speaks of: those that there are can then be asked for all at once."""
    found: set[str] = set()

    def note(path: str) -> str:
        found.add(path)
        return ""

    rendered(text, file=note, picture=note)
    return found - {""}


def summary(text: str, most: int = 240) -> str:
    """The first paragraph, without marks."""
    tokens = _markdown.parse(text[:4000])
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and (words := _words(token)):
            return words if len(words) <= most else words[:most].rpartition(" ")[0] + " …"
    return ""


def _words(token: Token) -> str:
    breaks = ("softbreak", "hardbreak")
    parts = [" " if child.type in breaks else child.content for child in token.children or []]
    return " ".join("".join(parts).split())


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])


def _send(token: Token, file: Callable[[str], str]) -> None:
    """Links to elsewhere tell nothing of where they were; others lead to files of the dataset, or to nothing."""
    address = str(token.attrGet("href") or "")
    if _ABROAD.match(address):
        token.attrSet("rel", "noopener noreferrer nofollow ugc")
    elif not address.startswith("#"):
        own = file(_path(address))
        token.attrs = {"href": own} if own else {}


def _draw(token: Token, picture: Callable[[str], str]) -> None:
    """Only pictures of the dataset itself, and those drawn anew; of others the text that stands for them."""
    address = str(token.attrGet("src") or "")
    path = "" if _ABROAD.match(address) else _path(address)
    own = picture(path) if path and kinds.kind_by_name(path) == kinds.PICTURE else ""
    if own:
        token.attrSet("src", own)
        token.attrSet("loading", "lazy")
    else:
        token.type, token.tag, token.content = "text", "", token.content or address
        token.children = None


def _path(address: str) -> str:
    """The file that a relative address names, "" for what leads out."""
    path = normpath(unquote(address.partition("#")[0].partition("?")[0]).lstrip("/"))
    return "" if path.startswith("..") or path == "." or "\0" in path else path
