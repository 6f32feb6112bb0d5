"""Choose among the drawings of a task, without duplicates, and write them class by class."""

import random
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.rebuild.drawing import Drawing, ExampleTask, encoded, pixel_hash


@dataclass(frozen=True)
class Built:
    """A task with its files, as class -> file name -> content."""

    task: ExampleTask
    files: dict[str, dict[str, bytes]]

    @property
    def counts(self) -> dict[str, int]:
        """The number of images of each class."""
        return {label: len(images) for label, images in self.files.items()}

    @property
    def summary(self) -> str:
        """Folder, counts and size, in a line."""
        size = sum(len(content) for images in self.files.values() for content in images.values())
        total = sum(self.counts.values())
        return f"{self.task.folder}: {total} images, {size / 1e6:.2f} MB, {self.counts}"


def chosen(
    task: ExampleTask, drawings: Sequence[Drawing], seen: set[str]
) -> dict[str, dict[str, bytes]]:
    """Return the files to write as class -> file name -> content.

    Equal pixels count as one image: within a class the first is kept, across classes none is
    (the label would be ambiguous), and what another task shows already (``seen``, which grows)
    is left out. Of what remains, a seeded sample of ``task.per_class`` a class is taken.
    """
    contents: dict[str, tuple[Drawing, bytes]] = {}
    labels: dict[str, set[str]] = defaultdict(set)
    for drawing in sorted(drawings, key=lambda d: (d.label, d.name)):
        content = encoded(drawing.image, jpeg=task.jpeg)
        digest = pixel_hash(content)
        contents.setdefault(digest, (drawing, content))
        labels[digest].add(drawing.label)
    classes: dict[str, list[str]] = defaultdict(list)
    for digest, (drawing, _) in contents.items():
        if len(labels[digest]) == 1 and digest not in seen:
            classes[drawing.label].append(digest)
    suffix = "jpg" if task.jpeg else "png"
    files: dict[str, dict[str, bytes]] = {}
    for label, digests in sorted(classes.items()):
        random.Random(f"{task.name} {task.split} {label}").shuffle(digests)
        kept = digests[: task.per_class]
        seen.update(kept)
        files[label] = {f"{contents[d][0].name}.{suffix}": contents[d][1] for d in sorted(kept)}
        if len(files[label]) != len(kept):
            raise ValueError(f"{task.name}, {label}: two drawings have one name")
    return files


def write(out: Path, built: Sequence[Built]) -> None:
    """Write all tasks below ``out``, in place of those that lie there."""
    for top in sorted({task.task.folder.parts[0] for task in built}):
        shutil.rmtree(out / top, ignore_errors=True)
    for task in built:
        for label, images in task.files.items():
            folder = out / task.task.folder / label
            folder.mkdir(parents=True)
            for name, content in images.items():
                (folder / name).write_bytes(content)
