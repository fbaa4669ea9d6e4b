"""Kinds of parts in addresses that Django doesn't have."""

from django.urls import register_converter
from django.urls.converters import StringConverter

ANY_PATH = "any_path"


class AnyPathConverter(StringConverter):
    """Django's own `path` ends at a line break, which a file's name may hold."""

    regex = r"(?s:.+)"


register_converter(AnyPathConverter, ANY_PATH)
