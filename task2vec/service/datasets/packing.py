"""Single images, packed as they come into an archive that is read like any other."""

import tarfile

from task2vec.data.containers.tree import SUFFIXES
from task2vec.data.pixels.limits import MAX_IMAGE_BYTES
from task2vec.errors import SourceError, TooLargeError
from task2vec.service.uploads import Upload

PACKED = ".tar"
"""The format of what comes out: uncompressed, since images hardly shrink."""

_LONGEST_PART = 255
_DEPTHS = (2, 3)
# What has no label needs no folder.
_UNLABELLED_DEPTHS = (1, 2, 3)


class Packer:
    """Writes images into an upload, one after the other, without knowing their sizes beforehand.

    A header of the right length is written first and put right when the image has ended. ``most``
    is the number of images that are taken. Times are left at zero, so that the same images in the
    same order make the same bytes. Of images that are not ``labelled`` a bare name is taken, too.
    """

    def __init__(self, upload: Upload, *, most: int, labelled: bool = True) -> None:
        self._upload = upload
        self._labelled = labelled
        self._most = most
        self._names: set[str] = set()
        self._open: tuple[str, int] | None = None
        self._size = 0

    @property
    def images(self) -> int:
        """How many have been begun."""
        return len(self._names)

    def begin(self, filename: str) -> None:
        """Begin the image ``label/name.jpg`` or ``split/label/name.jpg``.

        Raises:
            SourceError: for any other name, or one that came before.
            TooLargeError: when there are too many.
        """
        name = image_name(filename, labelled=self._labelled)
        if name in self._names:
            raise SourceError(
                "Two images bear one name",
                expected="a name of its own for each",
                got=repr(name),
            )
        if len(self._names) >= self._most:
            raise TooLargeError(
                "These are more images than the server takes one by one",
                expected=f"at most {self._most:,}",
                remedy="Pack them into a .zip or .tar and send that.",
            )
        self._names.add(name)
        self._open, self._size = (name, self._upload.size), 0
        self._upload.write(_header(name, 0))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append to the image. Raises `TooLargeError`, `StoreFullError`."""
        self._size += len(data)
        if self._size > MAX_IMAGE_BYTES:
            raise TooLargeError(
                "An image is too large", expected=f"at most {MAX_IMAGE_BYTES:,} bytes"
            )
        self._upload.write(data)

    def end(self) -> None:
        """End the image."""
        assert self._open is not None, "begin comes first"
        name, start = self._open
        self._open = None
        self._upload.write(bytes(-self._size % tarfile.BLOCKSIZE))
        self._upload.rewrite(_header(name, self._size), at=start)

    def close(self) -> None:
        """Write the mark of the end, and bring all to disk."""
        self._upload.write(bytes(2 * tarfile.BLOCKSIZE))
        self._upload.close()


def image_name(filename: str, *, labelled: bool = True) -> str:
    """Return ``filename`` if it says an image's class, and is a path within the data set.

    Of an image that is not ``labelled`` it needs to say none.

    Raises `SourceError`: a name is a label and never a path of this machine, and what tries to be
    one was not meant to be a data set.
    """
    parts = filename.split("/")
    depths = _DEPTHS if labelled else _UNLABELLED_DEPTHS
    if len(parts) in depths and all(map(_usable, parts)) and _suffix(parts[-1]) in SUFFIXES:
        return filename
    if not labelled:
        raise SourceError(
            "The file name of an image cannot be used",
            expected=f"name.jpg, or folders before it, each part of at most {_LONGEST_PART} bytes, "
            "printable, not hidden, with the ending of an image",
            got=repr(filename[:100]),
        )
    raise SourceError(
        "The file name of an image does not say its class",
        expected="label/name.jpg or split/label/name.jpg, each part of at most "
        f"{_LONGEST_PART} bytes, printable, not hidden, with the ending of an image",
        got=repr(filename[:100]),
        remedy="With curl: -F 'images=@photo.jpg;filename=robin/photo.jpg'.",
    )


def _usable(part: str) -> bool:
    return (
        part.isprintable()
        and part == part.strip()
        and not part.startswith(".")
        and "\\" not in part
        and part[1:2] != ":"
        and 0 < len(part.encode(errors="replace")) <= _LONGEST_PART
    )


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return (dot + suffix).lower() if stem else ""


def _header(name: str, size: int) -> bytes:
    """Return a tar header whose length depends on the name alone."""
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")
