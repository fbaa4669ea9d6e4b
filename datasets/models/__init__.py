"""Datasets, their versions and files, the bytes behind these, and what is just being uploaded."""

from datasets.models.blobs import Blob, Usage
from datasets.models.datasets import Dataset, Grant
from datasets.models.paths import PathRange
from datasets.models.uploads import Upload
from datasets.models.versions import Entry, Version

__all__ = ["Blob", "Dataset", "Entry", "Grant", "PathRange", "Upload", "Usage", "Version"]
