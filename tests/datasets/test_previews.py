"""Previews: each kind of file shows what it holds, and what is made to do harm is refused with its reason."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets import kinds, looking
from datasets.looking import NotShown, Source, look, look_into
from tests.datasets import samples


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], Source]:
    """A file with this content, and an empty folder for its previews."""

    def made(content: bytes) -> Source:
        path = tmp_path / "file"
        path.write_bytes(content)
        return Source(lambda: path.open("rb"), tmp_path / "previews")

    return made


Make = Callable[[bytes], Source]


def test_a_csv_file_is_a_table_whose_columns_say_what_is_in_them(source: Make) -> None:
    shown = look_into(source(samples.a_csv()), "csv")
    number, label, score = shown["columns"]
    assert (number["name"], number["type"], number["min"], number["max"]) == ("id", "int64", 0, 499)
    assert sum(number["bins"]) == 500
    assert label["top"] == [["cat", 333], ["dog", 167]]
    assert score["nulls"] == 100
    assert shown["rows"][:2] == [["0", "dog", None], ["1", "cat", "0.1"]]
    assert (len(shown["rows"]), shown["row_count"], shown["whole"]) == (100, 500, True)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_file_is_found_out(source: Make, delimiter: str) -> None:
    shown = look_into(source(samples.a_csv().replace(b",", delimiter.encode())), "csv")
    assert [column["name"] for column in shown["columns"]] == ["id", "label", "score"]


def test_rows_with_another_number_of_cells_are_counted_and_left_out(source: Make) -> None:
    shown = look_into(source(b"a,b\n1,2\n3\n4,5,6\n7,8\n"), "csv")
    assert (shown["rows"], shown["left_out"]) == ([["1", "2"], ["7", "8"]], 2)


def test_a_csv_file_of_numbers_only_has_no_header(source: Make) -> None:
    shown = look_into(source(b"1,2\n3,4\n"), "csv")
    assert [column["name"] for column in shown["columns"]] == ["1", "2"]
    assert shown["rows"] == [["1", "2"], ["3", "4"]]


def test_a_csv_file_in_latin_1_is_read(source: Make) -> None:
    assert look_into(source("ort,zahl\nKöln,1\n".encode("latin-1")), "csv")["rows"] == [["Köln", "1"]]


def test_a_quoted_line_feed_in_a_csv_file_ends_no_row(source: Make) -> None:
    assert look_into(source(b'a,"b\nc"\n1,"2\n3"\n'), "csv")["rows"] == [["1", "2\n3"]]


def test_a_parquet_file_is_a_table(source: Make) -> None:
    shown = look_into(source(samples.a_parquet(30_000)), "parquet")
    assert [column["name"] for column in shown["columns"]] == ["step", "loss", "note"]
    assert shown["columns"][2]["nulls"] == 30_000
    assert (shown["row_count"], len(shown["rows"])) == (30_000, 100)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_picture_is_drawn_small(source: Make, form: str) -> None:
    drawn = Image.open(BytesIO(look(source(samples.a_picture(800, 600, form)), "thumbnail")))
    assert (drawn.format, drawn.size) == ("WEBP", (320, 240))
    red, green, blue = drawn.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert (abs(red - 200) < 12, abs(green - 60) < 12, abs(blue - 20) < 12) == (True, True, True)


def test_a_picture_of_sixteen_bits_is_stretched_to_what_can_be_seen(source: Make) -> None:
    dark = Image.fromarray(np.array([[0, 100], [200, 300]], dtype=np.uint16))
    out = BytesIO()
    dark.save(out, "PNG")
    drawn = Image.open(BytesIO(look(source(out.getvalue()), "picture"))).convert("L")
    assert drawn.getextrema()[1] > 200  # type: ignore[operator]


def test_arrays_say_their_shape_and_what_their_numbers_are_like(source: Make) -> None:
    content = samples.an_array(weight=np.arange(12, dtype="f4").reshape(3, 4), broken=np.array([1.0, np.nan, np.inf]))
    weight, broken = look_into(source(content), "array")["arrays"]
    assert (weight["name"], weight["shape"], weight["type"], weight["max"]) == ("weight", [3, 4], "float32", 11)
    assert (broken["not_finite"], broken["max"]) == (2, 1)


def test_an_array_on_its_own_is_shown_too(source: Make) -> None:
    [array] = look_into(source(samples.an_array(only=np.eye(4))), "array")["arrays"]
    assert (array["shape"], array["mean"], array["whole"]) == ([4, 4], 0.25, True)


def test_json_is_a_tree(source: Make) -> None:
    tree = look_into(source(samples.a_tree()), "json")["tree"]
    assert [node["key"] for node in tree["inner"]] == ["name", "classes", "seed", "size"]
    assert [node["text"] for node in tree["inner"][1]["inner"]] == ['"cat"', '"dog"']


def test_what_is_called_json_and_is_none_shows_as_text(source: Make) -> None:
    shown = look_into(source(b'{"a": 1}\n{"a": 2}\n'), "json")
    assert (shown["lines"], shown["note"]) == (['{"a": 1}', '{"a": 2}'], "no_json")


def test_text_shows_its_first_lines(source: Make) -> None:
    shown = look_into(source("".join(f"line {number} ü\n" for number in range(5_000)).encode()), "text")
    assert (len(shown["lines"]), shown["lines"][0], shown["whole"]) == (2_000, "line 0 ü", False)


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("csv", samples.many_columns, "1000000 columns"),
        ("csv", samples.a_long_line, "could not be read|lines are too long"),
        ("csv", lambda: b"", "empty"),
        ("json", samples.deep_json, "nested too deeply"),
        ("picture", samples.a_picture_of_too_many_pixels, "60000 × 60000 pixels"),
        ("thumbnail", samples.a_csv, "not a picture"),
        ("thumbnail", lambda: samples.a_picture()[:200], "could not be read"),
        ("parquet", lambda: samples.a_parquet()[:-20], "could not be read"),
        ("parquet", samples.a_csv, "could not be read"),
        ("array", samples.a_csv, "could not be read"),
        ("array", lambda: samples.an_array(a=np.eye(9))[:-40], "could not be read"),
    ],
)
def test_what_would_do_harm_is_refused_and_says_why(
    source: Make, kind: str, content: Callable[[], bytes], reason: str
) -> None:
    made = source(content())
    for _again in range(2):
        with pytest.raises(NotShown, match=reason) as why:
            look(made, kind)
        assert not why.value.is_for_now


def test_a_zip_bomb_is_read_no_further_than_a_preview_needs(source: Make) -> None:
    [array] = look_into(source(samples.a_zip_bomb()), "array")["arrays"]
    assert (array["shape"], array["whole"], array["max"]) == ([256 * 1024**3], False, 0)
    assert array["measured"] == 4_000_000


def test_a_pickle_in_an_array_is_not_opened(source: Make) -> None:
    [array] = look_into(source(samples.a_pickle()), "array")["arrays"]
    assert array["type"] == "object"
    assert "max" not in array


def test_what_takes_too_much_memory_takes_none_of_the_web_process(source: Make) -> None:
    content = samples.a_parquet_bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(NotShown, match="more memory"):
        look(source(content), "parquet")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_preview_is_made_once(source: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = source(samples.a_picture())
    first = look(made, "thumbnail")
    monkeypatch.setattr(looking, "PROGRAM", ("/nowhere",))
    assert look(made, "thumbnail") == first


def test_the_process_can_open_no_file_and_make_no_connection() -> None:
    """What it could do, once shut in, if a library were tricked into running code of a file."""
    code = (
        "import os, socket, sys, traceback\n"
        "from datasets.previews.shutting_in import shut_in\n"
        "shut_in(512 * 1024 * 1024)\n"
        "done = []\n"
        "def tried(name, work):\n"
        "    try:\n"
        "        work()\n"
        "        done.append(name)\n"
        "    except OSError:\n"
        "        pass\n"
        "tried('read', lambda: open('/etc/passwd').read())\n"
        "tried('write', lambda: open('here', 'w'))\n"
        "tried('list', lambda: os.listdir('/proc/self'))\n"
        "tried('connect', lambda: socket.create_connection(('127.0.0.1', 1)))\n"
        "tried('root', lambda: os.setuid(0))\n"
        "print(os.getuid(), done)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    if os.geteuid() == 0:
        assert said == "65534 []\n"
    else:
        assert "root" not in said or os.getuid() == 0


def test_a_root_that_may_not_become_somebody_else_shows_files_all_the_same(tmp_path: Path) -> None:
    """As in a container that has few of root's powers."""
    (tmp_path / "file").write_text("hello")
    code = (
        "import ctypes, sys\n"
        "from datasets.previews import __main__, shutting_in\n"
        "shutting_in.give_up_powers(ctypes.CDLL(None))\n"
        "sys.exit(__main__.main('text'))\n"
    )
    with (tmp_path / "file").open("rb") as file:
        done = subprocess.run([sys.executable, "-c", code], stdin=file, capture_output=True, timeout=60, check=True)
    assert b'"lines": ["hello"]' in done.stdout


@pytest.mark.parametrize(
    ("path", "head", "kind"),
    [
        ("a/TRAIN.CSV", b"", kinds.CSV),
        ("model.parquet", b"PAR1", kinds.PARQUET),
        ("README", b"", kinds.TEXT),
        ("drawing.svg", b"<svg>", kinds.TEXT),
        ("page.html", b"<html>", kinds.TEXT),
        ("notes", b"plain words", kinds.TEXT),
        ("notes", b"\0\1\2", kinds.OTHER),
        ("cut", "ü".encode()[:1], kinds.TEXT),
        ("song.mp3", b"ID3\3", kinds.AUDIO),
        ("page.mp3", b"<html>", kinds.OTHER),
        ("sound.wav", b"RIFF1234WAVE", kinds.AUDIO),
    ],
)
def test_a_file_is_taken_for_what_its_name_and_its_beginning_say(path: str, head: bytes, kind: str) -> None:
    assert kinds.kind_of(path, head) == kind
