"""Names of files: plain ones, and all that leads elsewhere, looks like another, or that some system can't have."""

from random import Random
from urllib.parse import quote, quote_from_bytes

PLAIN = ("readme.md", "a/b/c.csv", "images/0001.png", "x", "data.json", "Ü/ß.txt", "a b.txt", "日本/語.txt", "🎈.bin")
STRANGE = (
    "../x", "a/../../x", "..", ".", "/etc/passwd", "//x", "a//b", "./a", "a/./b", "a/", "a/..", "...", "....//x",
    "C:/x", "c:x", "\\\\host\\x", "a\\..\\x", "a\0b", "\0", "a\nb", "a\rb", "\x7f", "\x1b[2J", "a\tb", "\u202egnp",
    "\ufeffx", "\u2025/x", "\uff0e\uff0e/x", "a\u0301", "á", "İ", "ı", "K", "k", "README.MD", "ﬁ", "ss", "ß",
    "CON", "nul.txt", "aux/x", "x.", "x ", " x", "~root", "$HOME", "%2e%2e/x", "%00", "..%2fx", "-rf", "*", "?", "#",
    "'", ";", '"', "<script>", "{{x}}", "{0}", "%s", "' or 1=1--", "\ud800", "a\udcff", "\U0010ffff", "\ufffe", "",
    "blobs", "parts", "trees", ".making-x", "a" * 255, "a" * 256, "é" * 127, "é" * 128, "/".join("a" * 500),
    "d/" * 511 + "x", "d/" * 600 + "x", "a" * 1024, "a" * 5000, "x" * 40_000,
)  # fmt: skip
RAW = (
    b"%c0%ae%c0%ae/x", b"%ff%fe", b"%", b"%zz", b"%2", b"..%2f..%2fx", b"%2e%2e/%2e%2e/x", b"a%00b", b"%252e%252e/x",
    b"a%0d%0aX-Header:%201", b"%5c..%5cx", b"%ed%a0%80", b"%f4%90%80%80", b"a;b=c", b"a?b#c", b"//", b"%2f%2f", b"%2f",
    b"\xff\xfe", b"\xc3", b"~", b"%7f", b"%e2%80%ae", b"*", b"@3", b"%40", b"a@latest", b"?", b"a?x=%ff", b"%20", b"+",
)  # fmt: skip


def a_name(random: Random) -> str:
    how = random.random()
    if how < 0.35:
        return random.choice(PLAIN)
    if how < 0.6:
        return random.choice(STRANGE)
    parts = [random.choice((*PLAIN, *STRANGE))[: random.choice((3, 30, 300))] for _ in range(random.randint(1, 4))]
    joined = random.choice(("/", "", "//", "/./")).join(parts)
    return joined if random.random() < 0.6 else "".join(_letter(random) if random.random() < 0.2 else c for c in joined)


def in_a_path(random: Random) -> bytes:
    """A name as it stands in an address, coded rightly or not."""
    how = random.random()
    if how < 0.25:
        return random.choice(RAW)
    name = a_name(random)
    coded = name.encode("utf-8", "surrogatepass")
    if how < 0.75:
        return quote_from_bytes(coded, safe="/").encode()
    if how < 0.85:
        return quote(quote_from_bytes(coded)).encode()  # twice
    return b"".join(b"%%%02x" % byte if random.random() < 0.5 else _as_it_is(byte) for byte in coded)


def _as_it_is(byte: int) -> bytes:
    """Bytes that would end the address or the line are never sent as they are."""
    return bytes([byte]) if byte > 32 and byte != 127 else b"%%%02x" % byte


def _letter(random: Random) -> str:
    return chr(random.choice((random.randrange(128), random.randrange(0x800), random.randrange(0xD800), 0x1F600)))
