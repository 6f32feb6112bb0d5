"""The last step of every kind of source: check the classes and make the task."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from task2vec.data.task import ImageEntry, Reader, Task, sign
from task2vec.data.wording import examples, plural
from task2vec.errors import SourceError

Place = tuple[str, str | None]
"""The class and the split of an image."""


def build_from_places(
    places: Mapping[str, Place],
    *,
    name: str,
    source: str,
    stamps: Iterable[str | bytes],
    warnings: Sequence[str],
    reader: Reader,
) -> Task:
    """Make a task of images whose class and split are known, by key; classes are sorted by name.

    Raises `SourceError` if there is only one class.
    """
    classes = tuple(sorted({label for label, _ in places.values()}))
    index = {label: i for i, label in enumerate(classes)}
    return build_task(
        tuple(ImageEntry(key, index[label], split) for key, (label, split) in places.items()),
        classes=classes,
        name=name,
        source=source,
        stamps=stamps,
        warnings=warnings,
        reader=reader,
    )


def build_task(
    entries: tuple[ImageEntry, ...],
    *,
    classes: tuple[str, ...],
    name: str,
    source: str,
    stamps: Iterable[str | bytes],
    warnings: Sequence[str],
    reader: Reader,
) -> Task:
    """Check the classes, sign, and return the task; every kind of source ends here.

    Raises `SourceError` if there is only one class.
    """
    if len(classes) < 2:
        raise one_class_error(source, classes=classes, warnings=warnings)
    try:
        "".join(classes).encode()
    except UnicodeEncodeError as error:
        raise SourceError(f"A class name of {source} is no Unicode text", got=str(error)) from error
    counts = Counter(entry.label for entry in entries)
    single = [classes[label] for label in sorted(counts) if counts[label] == 1]
    if single:
        what = plural(len(single), "class")
        warnings = [*warnings, f"{what} with one image only: {examples(single)}"]
    return Task(
        name=name,
        classes=classes,
        entries=entries,
        source=source,
        signature=sign(classes, entries=entries, stamps=stamps),
        warnings=tuple(warnings),
        reader=reader,
    )


def one_class_error(
    source: str, *, classes: Collection[str], warnings: Iterable[str] = ()
) -> SourceError:
    """Return the error that says that a task needs a second class, and what may have lost it."""
    return SourceError(
        f"{source} has only one class",
        expected="at least two classes",
        got="; ".join([*map(repr, classes), *warnings]),
        remedy="A task is told by what separates its classes: add images of another class.",
    )
