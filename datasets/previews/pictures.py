"""Pictures, drawn anew and small: what a browser gets to decode was made here."""

import io
import json
from typing import IO

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from datasets.previews.refusals import Refused

PLUGINS = (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
SIDES = {"thumbnail": 320, "picture": 1600}
MOST_PIXELS = 100_000_000
Image.MAX_IMAGE_PIXELS = None  # looked at below, in words of our own
Image.preinit()


def warm() -> None:
    """Each format once: their readers load more when they are first used."""
    for form in FORMATS:
        out = io.BytesIO()
        Image.new("RGB", (2, 2)).save(out, form)
        out.seek(0)
        show("thumbnail", out)


def show(kind: str, file: IO[bytes]) -> bytes:
    """For `picture-facts`, `{format, width, height, frames}`; else WebP."""
    with _opened(file) as picture:
        if kind == "picture-facts":
            facts = {"format": picture.format, "width": picture.width, "height": picture.height}
            return json.dumps({**facts, "mode": picture.mode}).encode()
        return _small(picture, SIDES[kind])


def _opened(file: IO[bytes]) -> Image.Image:
    try:
        picture = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise Refused("no_picture") from error
    if picture.width * picture.height > MOST_PIXELS:
        raise Refused("pixels", width=picture.width, height=picture.height)
    return picture


def _small(picture: Image.Image, side: int) -> bytes:
    picture.draft("RGB", (side, side))  # a JPEG is decoded at the size that is needed
    shown = _in_colours(ImageOps.exif_transpose(picture))
    shown.thumbnail((side, side), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    shown.save(out, "WEBP", quality=82, method=2)
    return out.getvalue()


def _in_colours(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        return _stretched(picture)
    has_alpha = picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def _stretched(picture: Image.Image) -> Image.Image:
    """Sixteen bits and more, or fractions: the darkest value black, the lightest white."""
    grey = picture.convert("F")
    low, high = grey.getextrema()
    assert isinstance(low, float)
    assert isinstance(high, float)
    scale = 255 / (high - low) if high > low else 0
    return grey.point(lambda value: value * scale - low * scale).convert("L").convert("RGB")
