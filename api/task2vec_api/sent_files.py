"""Files in a form, written to the store's disk as they arrive."""

from pathlib import Path
from typing import Self

from task2vec.errors import InputError
from task2vec.service.uploads import Upload


class UploadPart:
    """The one file that a field of a form may hold."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self._begun = self._ended = False

    def begin(self) -> Self:
        """Begin the file. Raises `InputError` for a second one."""
        if self._begun:
            raise InputError("The form holds several files where one is expected")
        self._begun = True
        return self

    def write(self, data: memoryview) -> None:
        """Append to the file."""
        self.upload.write(data)

    def end(self) -> None:
        """Bring the file to disk."""
        self.upload.close()
        self._ended = True

    def complete(self, field: str) -> Path:
        """Return the file. Raises `InputError` when none came."""
        if not self._ended:
            raise InputError(
                f"The form holds no file in its field '{field}'", expected="a file of that name"
            )
        return self.upload.path
