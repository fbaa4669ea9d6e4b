"""Static files out of node_modules: only those the pages load, and each under a name that changes with its content."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class NpmFinder(BaseFinder):
    """Finds what settings.NPM_FILES lists: {prefix: (folder in node_modules, files in it)}."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.storages: dict[str, tuple[FileSystemStorage, Iterable[str]]] = {}
        for prefix, (folder, files) in settings.NPM_FILES.items():
            storage = FileSystemStorage(location=Path(settings.NODE_MODULES) / folder)
            storage.prefix = prefix  # type: ignore[attr-defined]  # where collectstatic puts the files
            self.storages[prefix] = (storage, files)

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [
            storage.path(name)
            for prefix, (storage, files) in self.storages.items()
            for name in files
            if path == f"{prefix}/{name}" and storage.exists(name)
        ]
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for storage, files in self.storages.values():
            yield from ((name, storage) for name in files if not matches_patterns(name, ignore_patterns or []))


class HashedStorage(ManifestStaticFilesStorage):
    """As Django has it, but source maps stay away, and imports are followed in our own modules only.

    Bundles of others hold texts that look like imports of files that don't exist.
    """

    patterns = (
        ("*.css", ManifestStaticFilesStorage.patterns[0][1][:2]),
        ("site/*.js", ManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),  # type: ignore[attr-defined]
    )


class CompressedStorage(HashedStorage, CompressedManifestStaticFilesStorage):
    """The same, each file compressed once when it is collected: takes half a minute."""
