"""What a walk through a folder or an archive found, and the task that it makes."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from task2vec.data.layout import lay_out
from task2vec.data.task import ImageEntry, Reader, Task, sign
from task2vec.data.wording import EXAMPLES, examples, plural, printable, shown
from task2vec.errors import SourceError

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"}
    | {".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Files that are tried as images, by the end of their names in lower case."""

SYSTEM_NAMES = frozenset({"__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"})
"""What operating systems leave behind, in lower case; ignored like hidden files."""

LAYOUT = "one folder of images for each class, if wanted inside of train, val and test folders"


@dataclass
class Inventory:
    """Collects what a walk finds; paths are relative to the source, with forward slashes."""

    images: dict[str, str] = field(default_factory=dict)
    """The stamp (size, time) of each image, by path."""
    folders: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    suffixes: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Paths that were left out, by the sentence that says why."""

    def ignores(self, path: str) -> bool:
        """Note a hidden or system file, or one in such a folder; return whether it is one."""
        parts = path.split("/")
        for depth, part in enumerate(parts, start=1):
            if part.startswith(".") or part.casefold() in SYSTEM_NAMES:
                self.ignored.add("/".join(parts[:depth]))
                return True
        return False

    def add_file(self, path: str, *, stamp: str) -> None:
        """Take in a regular file, which is an image if its name ends like one."""
        suffix = PurePosixPath(path).suffix.lower()
        if suffix in SUFFIXES:
            self.images[path] = stamp
        else:
            self.suffixes[printable(suffix) or "no suffix"] += 1

    def warnings(self) -> list[str]:
        """Return one sentence for each kind of thing that was left out."""
        found = []
        if self.ignored:
            what = plural(len(self.ignored), "hidden or system entry")
            found.append(f"{what} ignored, such as {shown(min(self.ignored))}")
        if self.suffixes:
            common = sorted(self.suffixes.items(), key=lambda pair: (-pair[1], pair[0]))
            kinds = ", ".join(f"{suffix} ({count:,})" for suffix, count in common[:EXAMPLES])
            what = plural(self.suffixes.total(), "file")
            found.append(f"{what} not tried, being of other types than images: {kinds}")
        for why, paths in sorted(self.left_out.items()):
            found.append(f"{plural(len(paths), 'entry')} left out ({why}): {examples(paths)}")
        return found


def task_from_inventory(
    inventory: Inventory, *, name: str, source: str, reader: Reader, clock: str = ""
) -> Task:
    """Apply the layout rule and build the task.

    ``clock`` goes into the signature, for what dates the source as a whole. Raises `SourceError`
    if there are no images, no class folders or only one class.
    """
    warnings = inventory.warnings()
    if not inventory.images:
        raise SourceError(
            f"{source} holds no images",
            expected=LAYOUT,
            got="; ".join(warnings) or "nothing",
            remedy=f"Images are files that end in {', '.join(sorted(SUFFIXES))}. Links are not "
            "followed: list linked files in a CSV file with the columns path,label.",
        )
    layout = lay_out(inventory.images, folders=inventory.folders)
    if layout.strays:
        what = plural(len(layout.strays), "image")
        warnings.append(f"{what} left out, lying in no class folder: {examples(layout.strays)}")
    if layout.empty:
        what = plural(len(layout.empty), "class folder")
        warnings.append(f"{what} without images: {examples(layout.empty)}")
    if not layout.places:
        raise SourceError(
            f"{source} has images but no classes",
            expected=LAYOUT,
            got=f"{plural(len(layout.strays), 'image')} in no class folder",
            remedy="Sort the images into one folder a class, or list them in a CSV file "
            "with the columns path,label.",
        )
    classes = tuple(sorted({label for label, _ in layout.places.values()}))
    index = {label: i for i, label in enumerate(classes)}
    entries = tuple(
        ImageEntry(path, index[label], split) for path, (label, split) in layout.places.items()
    )
    stamps = [clock + inventory.images[entry.key] for entry in entries]
    return build_task(
        entries,
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
