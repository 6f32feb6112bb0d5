"""The last step of every kind of source: check the classes and make the task."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from task2vec.data.multilabel import LabelSet, NamedLabels, label_sets
from task2vec.data.pixels.reader import Reader
from task2vec.data.task import ImageEntry, Task, sign
from task2vec.data.wording import remarks
from task2vec.errors import SourceError

Place = tuple[str | NamedLabels, str | None]
"""The class, or the classes, and the split of an image."""


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

    Where one image has several labels, all may have: a single class is then a set of one. Raises
    `SourceError` if there is only one class.
    """
    single = {key: label for key, (label, _) in places.items() if isinstance(label, str)}
    labels: Mapping[str, int | LabelSet]
    if len(single) == len(places):
        classes = tuple(sorted(set(single.values())))
        index = {label: i for i, label in enumerate(classes)}
        labels = {key: index[label] for key, label in single.items()}
    else:
        classes, labels, more = _multilabel(places, source=source)
        warnings = [*warnings, *more]
    return build_task(
        tuple(ImageEntry(key, labels[key], places[key][1]) for key in places if key in labels),
        classes=classes,
        name=name,
        source=source,
        stamps=[stamp for key, stamp in zip(places, stamps, strict=True) if key in labels],
        warnings=warnings,
        reader=reader,
    )


def _multilabel(
    places: Mapping[str, Place], *, source: str
) -> tuple[tuple[str, ...], dict[str, LabelSet], list[str]]:
    """Return the classes, the labels by key, and warnings of what was left out."""
    named = {
        key: NamedLabels((label,)) if isinstance(label, str) else label
        for key, (label, _) in places.items()
    }
    classes, labels, useless = label_sets(named)
    unlabelled = [key for key in places if key not in labels]
    warnings = [
        *remarks(useless, "class", "left out, because no image or every image has it"),
        *remarks(unlabelled, "image", "left out, without any known label"),
    ]
    if len(classes) == 1:
        raise SourceError(
            f"{source} has only one class that some images have and others lack",
            expected="at least two such classes",
            got="; ".join([repr(classes[0]), *warnings]),
            remedy="Give each image one label instead: this class, or another for all that lack "
            "it.",
        )
    return classes, labels, warnings


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
    counts = Counter(label for entry in entries for label in _present(entry))
    single = [classes[label] for label in sorted(counts) if counts[label] == 1]
    return Task(
        name=name,
        classes=classes,
        entries=entries,
        source=source,
        signature=sign(classes, entries=entries, stamps=stamps),
        warnings=(*warnings, *remarks(single, "class", "with one image only")),
        reader=reader,
    )


def _present(entry: ImageEntry) -> Collection[int]:
    return entry.label.present if isinstance(entry.label, LabelSet) else (entry.label,)


def one_class_error(
    source: str, *, classes: Collection[str], warnings: Iterable[str] = ()
) -> SourceError:
    """Return the error that says that a task needs a second class, and what may have lost it."""
    return SourceError(
        f"{source} has only one class",
        expected="at least two classes",
        got="; ".join([*map(repr, classes), *warnings]),
        remedy="Add a folder of images of another class.",
    )
