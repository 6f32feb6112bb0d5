"""What is uploaded of a source, with the hash by which the server may know it already."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from task2vec.client.upload.parts import CHUNK, Part, tar_chunks, tar_length
from task2vec.errors import SourceError

OnBytes = Callable[[int, int], None]
"""Given how many bytes have been handed to the network, and how many there are."""

_COUNTED_EVERY = 64 * 1024


@dataclass(frozen=True)
class Payload:
    """``suffix`` tells the server how to read it; ``sha256`` is over all its bytes.

    Its bytes are read anew each time, so that no more than a piece is in memory.
    """

    name: str
    suffix: str
    length: int
    sha256: str
    chunks: Callable[[], Iterator[bytes]]

    @classmethod
    def of_file(cls, path: Path, *, name: str, suffix: str) -> "Payload":
        """Return an archive as it is; reads it once."""
        return cls.of(
            lambda: _file_chunks(path), length=path.stat().st_size, name=name, suffix=suffix
        )

    @classmethod
    def of_parts(cls, parts: list[Part], *, name: str) -> "Payload":
        """Return files as one uncompressed tar; reads them once."""
        return cls.of(lambda: tar_chunks(parts), length=tar_length(parts), name=name, suffix=".tar")

    @classmethod
    def of(
        cls, chunks: Callable[[], Iterator[bytes]], *, length: int, name: str, suffix: str
    ) -> "Payload":
        """Return what ``chunks`` yields; goes through it once for the hash."""
        digest = sha256()
        for chunk in chunks():
            digest.update(chunk)
        return cls(name, suffix, length, digest.hexdigest(), chunks)

    def counted(self, progress: OnBytes) -> "Payload":
        """Return the same, which tells ``progress`` as it is sent, every 64 KiB or more rarely."""

        def chunks() -> Iterator[bytes]:
            done = last = 0
            progress(0, self.length)
            for chunk in self.chunks():
                yield chunk
                done += len(chunk)
                # The pieces of a tar may be a few bytes.
                if done - last >= _COUNTED_EVERY or last < done == self.length:
                    last = done
                    progress(done, self.length)

        return replace(self, chunks=chunks)


def _file_chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read", got=(error.strerror or str(error)).lower()
        ) from error
