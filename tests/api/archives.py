"""Small archives."""

import io
import tarfile
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile


def a_zip(files: dict[str, bytes], name: str = "code.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, zipped(files), "application/zip")


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


def targz(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()
