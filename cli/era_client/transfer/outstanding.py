"""What is still to be sent, across connections, and what became of the rest."""

from collections.abc import Iterable

from era_client.transfer.sources import Large
from era_client.transfer.trying import Course
from era_client.transfer.words import Failure, LocalFile


class Outstanding:
    def __init__(self, files: Iterable[LocalFile], course: Course) -> None:
        self.course = course
        self.todo = {file.path: file for file in files}
        self.large: dict[str, Large] = {}
        self.failures: list[Failure] = []
        self.digests: dict[str, str] = {}
        self._bytes_done = 0
        course.progress.files = len(self.todo)
        course.progress.bytes = sum(file.size for file in self.todo.values())

    def large_of(self, file: LocalFile) -> Large:
        return self.large.setdefault(file.path, Large(file))

    def sent(self, size: int) -> None:
        self.course.progress.sent += size

    def stored(self, file: LocalFile, digest: str) -> None:
        if self.todo.pop(file.path, None) is not None:
            self.digests[file.path] = digest
            self._bytes_done += file.size
            self.course.progress.files_done += 1
        self.large.pop(file.path, None)
        self.moved()

    def failed(self, failure: Failure) -> None:
        self.todo.pop(failure.path, None)
        self.large.pop(failure.path, None)
        self.failures.append(failure)
        self.moved()

    def moved(self) -> None:
        under_way = sum(large.position for large in self.large.values())
        self.course.progress.bytes_done = self._bytes_done + under_way
        self.course.moved()
