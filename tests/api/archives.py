"""Small archives of code."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile


def a_zip(files: dict[str, bytes], name: str = "code.zip") -> SimpleUploadedFile:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return SimpleUploadedFile(name, packed.getvalue(), "application/zip")
