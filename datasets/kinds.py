"""What a file is taken for: by its name, and where that says nothing by how it begins."""

from dataclasses import dataclass
from pathlib import PurePosixPath

HEAD = 4096
TEXT, JSON, CSV, PARQUET, PICTURE, ARRAY, AUDIO, OTHER = (
    "text",
    "json",
    "csv",
    "parquet",
    "picture",
    "array",
    "audio",
    "other",
)
_ENDINGS = {
    CSV: "csv tsv tab",
    PARQUET: "parquet pq",
    PICTURE: "jpg jpeg png gif webp bmp tif tiff",
    AUDIO: "wav mp3 ogg oga opus flac m4a",
    JSON: "json geojson ipynb webmanifest",
    ARRAY: "npy npz",
    TEXT: "txt md rst log py pyi yaml yml toml ini cfg conf env sh bash zsh ps1 bat c h cc cpp hpp cu java js mjs ts "
    "jsx tsx css html htm xml svg tex bib sql r jl go rs rb pl lua jsonl ndjson diff patch srt vtt csl proto "
    "dockerfile gitignore eraignore list names labels",
}
_KIND_OF = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}
_TEXT_NAMES = frozenset({"readme", "licence", "license", "makefile", "dockerfile", "changelog", "notice", "authors"})
_ICONS = {
    TEXT: "file-text",
    JSON: "braces",
    CSV: "table",
    PARQUET: "table",
    PICTURE: "photo",
    ARRAY: "matrix",
    AUDIO: "music",
    OTHER: "file",
}
_ARCHIVES = frozenset({"zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar"})
_CODE = frozenset(
    {
        "py",
        "pyi",
        "sh",
        "bash",
        "c",
        "h",
        "cc",
        "cpp",
        "hpp",
        "cu",
        "java",
        "js",
        "mjs",
        "ts",
        "css",
        "html",
        "sql",
        "r",
        "jl",
        "go",
        "rs",
        "rb",
        "lua",
    }
)


@dataclass(frozen=True)
class Sound:
    """A kind of sound that browsers play, and how such a file begins."""

    media_type: str
    at: int
    mark: bytes


SOUNDS = (
    Sound("audio/wav", 8, b"WAVE"),
    Sound("audio/ogg", 0, b"OggS"),
    Sound("audio/flac", 0, b"fLaC"),
    Sound("audio/mp4", 4, b"ftyp"),
    Sound("audio/mpeg", 0, b"ID3"),
    Sound("audio/mpeg", 0, b"\xff\xfb"),
    Sound("audio/mpeg", 0, b"\xff\xf3"),
    Sound("audio/mpeg", 0, b"\xff\xf2"),
    Sound("audio/mpeg", 0, b"\xff\xfa"),
)


def kind_by_name(path: str) -> str:
    name = PurePosixPath(path).name.lower()
    if name in _TEXT_NAMES:
        return TEXT
    return _KIND_OF.get(_ending(name), OTHER)


def kind_of(path: str, head: bytes) -> str:
    """`head` are the file's first HEAD bytes. What is called a sound and isn't one is something else."""
    kind = kind_by_name(path)
    if kind == AUDIO and media_type(head) is None:
        return OTHER
    if kind == OTHER and head and _is_text(head):
        return TEXT
    return kind


def media_type(head: bytes) -> str | None:
    for sound in SOUNDS:
        if head[sound.at :].startswith(sound.mark):
            return sound.media_type
    return None


def icon_of(path: str) -> str:
    ending = _ending(PurePosixPath(path).name.lower())
    if ending in _ARCHIVES:
        return "file-zip"
    return "file-code" if ending in _CODE else _ICONS[kind_by_name(path)]


def _ending(name: str) -> str:
    return name.rpartition(".")[2]


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    for cut in range(4):  # the last character may be cut
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False
