"""Trainings from scratch in which something is wrong for a while, and what becomes of each.

A deficit that starts at once and ends after more and more epochs shows what cannot be made good;
one of few epochs that slides over training shows when a network is sensitive. These are the two
experiments of Achille, Rovere and Soatto (2019, arXiv 1711.08856).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from task2vec.atomic_file import atomic_file
from task2vec.dynamics.deficits import Deficit, Transform
from task2vec.dynamics.scratch import Images, ScratchSettings, ScratchTraining
from task2vec.dynamics.trace import Monitored, TraceSettings
from task2vec.messages.dynamics import CourseEpoch, CourseRecord


@dataclass(frozen=True)
class Course:
    """A training of ``epochs`` epochs; a deficit lasts from ``start`` until before ``end``.

    None where they are equal. ``deficit`` as in `Deficit`.
    """

    seed: int
    epochs: int
    deficit: str | Transform = "blur"
    start: int = 0
    end: int = 0

    @property
    def name(self) -> str:
        """A name that a file may have, the same for the same course."""
        if self.start == self.end:
            return f"clean-{self.epochs}-{self.seed}"
        return f"{self.called}-{self.start}-{self.end}-{self.epochs}-{self.seed}"

    @property
    def called(self) -> str:
        """The name of the deficit; nothing where there is none."""
        return "" if self.start == self.end else self.window.name

    @property
    def window(self) -> Deficit:
        """When the deficit is there."""
        return Deficit(self.deficit, start=self.start, end=self.end)

    def parts_from(self, other: "Course") -> int:
        """Return the epoch from which on two courses of a seed differ."""
        together = min(self.epochs, other.epochs)
        differs = (e for e in range(together) if self._harmed(e) != other._harmed(e))
        return next(differs, together)

    def _harmed(self, epoch: int) -> bool:
        return self.start <= epoch < self.end


@dataclass(frozen=True, eq=False)
class Laboratory:
    """Images to train on and to test on, and how networks are trained on the former.

    After each epoch the information is measured on the first ``monitored`` images of ``train``, as
    the network saw them in that epoch, and the accuracy on the clean images of ``test``.
    """

    train: Images
    test: Images
    classes: int
    settings: ScratchSettings
    monitored: int = 200

    def carry_out(self, courses: Sequence[Course], folder: Path) -> Iterator[CourseRecord]:
        """Yield the record of each course of one seed, in no order; each is kept in ``folder``.

        Records that the folder has are read. Courses share the epochs in which they do not differ:
        the first one is trained to its end, and the others branch off where they part from it.
        """
        missing = []
        for course in courses:
            kept = folder / f"{course.name}.json"
            if kept.exists():
                yield CourseRecord.model_validate_json(kept.read_bytes())
            else:
                missing.append(course)
        if not missing:
            return
        folder.mkdir(parents=True, exist_ok=True)
        for record, name in self._grow(courses[0], missing):
            with atomic_file(folder / f"{name}.json") as partial:
                partial.write_text(record.model_dump_json(), encoding="utf-8")
            yield record

    def _grow(self, trunk: Course, missing: Sequence[Course]) -> Iterator[tuple[CourseRecord, str]]:
        forks = {
            epoch: list(courses)
            for epoch, courses in groupby(
                sorted((c for c in missing if c != trunk), key=trunk.parts_from),
                key=trunk.parts_from,
            )
        }
        last = trunk.epochs if trunk in missing else max(forks)
        training = _Followed(self, trunk)
        for epoch in range(last + 1):
            for course in forks.get(epoch, ()):
                branch = _Followed(self, course, training if epoch else None)
                while branch.epoch < course.epochs:
                    branch.go_on()
                yield branch.record(), course.name
            if epoch < last:
                training.go_on()
        if trunk in missing:
            yield training.record(), trunk.name


class _Followed:
    """A course on its way: the training, and what was measured after each epoch."""

    def __init__(self, lab: Laboratory, course: Course, until: "_Followed | None" = None) -> None:
        self._lab, self._course = lab, course
        self._training = ScratchTraining(
            lab.train,
            classes=lab.classes,
            settings=replace(lab.settings, seed=course.seed),
            deficit=course.window,
        )
        self._rows: list[CourseEpoch] = []
        if until is None:
            self._look()
        else:
            self._training.restore(until._training.state())
            self._rows += until._rows

    @property
    def epoch(self) -> int:
        """Epochs that are behind it."""
        return self._training.epoch

    def go_on(self) -> None:
        """Train for an epoch, and look."""
        self._training.run_epoch()
        self._look()

    def record(self) -> CourseRecord:
        """Return what was measured so far."""
        course = self._course
        return CourseRecord(
            seed=course.seed,
            epochs=course.epochs,
            deficit=course.called,
            start=course.start,
            end=course.end,
            rows=tuple(self._rows),
        )

    def _look(self) -> None:
        lab, training = self._lab, self._training
        few = lab.monitored
        # What the network was just trained on: the images as the deficit leaves them.
        images, labels = self._course.window.seen(
            lab.train.images[:few],
            lab.train.labels[:few],
            lab.classes,
            epoch=max(0, training.epoch - 1),
        )
        seen = Monitored(images, labels, settings=TraceSettings()).look(training.network)
        self._rows.append(
            CourseEpoch(
                epoch=training.epoch,
                test_accuracy=training.accuracy(lab.test),
                loss=seen.loss,
                accuracy=seen.accuracy,
                trace=seen.trace.total,
                trace_error=seen.trace.error,
                layers=seen.trace.layers,
            )
        )
