"""What is in a data set that was sent: numbers, not images, and no word of this machine's paths."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from task2vec.data.wording import examples
from task2vec.errors import InputError, MissingExtraError, SourceError, Task2VecError, TooLargeError
from task2vec.types.names import LONGEST_NAME, is_name

MAX_SENT_ARRAY_BYTES = 2**28
"""Bytes of the arrays of an ``.npz`` that somebody sent: listing it holds them in the memory of
the server, whose other requests need some too."""

_MAX_ARRAYS = 64


def list_images(path: Path, *, name: str, suffix: str) -> tuple[int, int, tuple[str, ...]]:
    """Return the numbers of images and classes and the warnings; no image is decoded.

    Where an error or a warning names the file on this machine, it says the ``name`` instead: a
    client packs folders, and the person who gave one knows of no archive.

    Raises `SourceError` when it holds no labelled images that could be embedded.
    """
    from task2vec.data.open import open_source

    with _hidden(path, name):
        if suffix == ".npz":
            check_arrays(path)
        task = open_source(path, name=name, trusted=False)
        _check_classes(task.classes)
    warnings = tuple(_without(path, warning, name) for warning in task.warnings)
    return len(task.entries), len(task.classes), warnings


def list_unlabelled(path: Path, *, name: str, suffix: str) -> tuple[int, int, tuple[str, ...]]:
    """Return the number of images of an archive, no classes, and the warnings, as `list_images`.

    Raises `SourceError` when it holds no image, or is no archive of image files.
    """
    from task2vec.data.containers.archives import ARCHIVES
    from task2vec.data.formats.images import find_images

    if suffix not in ARCHIVES:
        raise SourceError(
            "This is no archive of image files",
            expected=f"a name ending in {', '.join(ARCHIVES)}",
            got=f"one that ends in {suffix}",
        )
    with _hidden(path, name):
        images = find_images([path])
    return len(images), 0, tuple(_without(path, warning, name) for warning in images.warnings)


def _check_classes(classes: tuple[str, ...]) -> None:
    """Raise `SourceError` unless every class has a name that can be shown to others."""
    # Spaces at the ends disturb nobody who reads a table of labels.
    strange = [label for label in classes if not is_name(label.strip(" "))]
    if strange:
        raise SourceError(
            "Some classes have names that cannot be shown",
            expected=f"visible characters, at most {LONGEST_NAME}, and spaces between them",
            got=examples(strange),
            remedy="Rename these classes or their folders.",
        )


@contextmanager
def _hidden(path: Path, name: str) -> Iterator[None]:
    """Say the name instead of the path in what is raised."""
    try:
        yield
    except Task2VecError as error:
        parts = {part: getattr(error, part) for part in ("expected", "got", "remedy")}
        # The source is not to blame for what is missing here.
        kept = isinstance(error, InputError | MissingExtraError)
        raise (type(error) if kept else SourceError)(
            _without(path, error.problem, name),
            **{part: text and _without(path, text, name) for part, text in parts.items()},
        ) from None


def _without(path: Path, text: str, name: str) -> str:
    for place in (str(path.absolute()), str(path), path.name):
        text = text.replace(place, name)
    return text


def check_arrays(path: Path, *, largest: int = MAX_SENT_ARRAY_BYTES) -> None:
    """Raise `TooLargeError` for an ``.npz`` that unpacks to more than ``largest`` bytes.

    Raises `SourceError` for what is no such archive. A member never unpacks to more than its size
    in the directory, since reading stops there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    # For damage zipfile raises BadZipFile, struct.error, UnicodeDecodeError, ...
    except Exception as error:
        raise SourceError("This is no archive of NumPy arrays", got=str(error)) from error
    total = sum(member.file_size for member in members)
    if total > largest or len(members) > _MAX_ARRAYS:
        raise TooLargeError(
            "The arrays are too large to be sent",
            expected=f"at most {_MAX_ARRAYS} arrays of {largest:,} bytes together",
            got=f"{len(members)} arrays of {total:,} bytes",
            remedy="Send fewer images, or pack them as image files into a .zip or .tar.",
        )
