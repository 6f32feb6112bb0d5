"""The accuracy of an expert on labelled images, by class, and what it confuses."""

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from task2vec.data.sampling.sample import drawing_order
from task2vec.data.task import Task
from task2vec.data.wording import examples, plural
from task2vec.errors import SourceError, TooLargeError
from task2vec.finetuning.card import ClassifierCard
from task2vec.finetuning.splits import check_one_label
from task2vec.messages.evaluations import MOST_CLASSES, ClassEvaluation, Confusion, Evaluation
from task2vec.messages.explanations import TakenFor
from task2vec.recommendation.prediction.intervals import wilson_interval

if TYPE_CHECKING:
    from task2vec.data.pixels.reader import Raw
    from task2vec.embedding.embedder import Progress
    from task2vec.finetuning.predict import Classifier


def evaluated_part(
    task: Task, card: ClassifierCard, *, images: int, seed: int
) -> tuple[Task, list[str]]:
    """Return the images of a task that an expert is evaluated on, with what there is to warn of.

    Its test split, where it has one; of that the images of classes that the expert knows by name;
    of these at most ``images``, drawn at random. Raises `SourceError` where no image is left, or
    where images have several labels, and `TooLargeError` for an expert of very many classes.
    """
    check_one_label(task)
    if len(card.classes) > MOST_CLASSES:
        raise TooLargeError(
            f"The table of confusions of {card.name} would be too large",
            expected=f"an expert of at most {MOST_CLASSES:,} classes",
            got=f"{len(card.classes):,}",
            remedy="`task2vec predict` gives its answers for each image.",
        )
    warnings = []
    if len(task.splits) > 1 and "test" in task.splits:
        task = task.only("test")
        warnings.append(
            f"only the {plural(len(task.entries), 'image')} of split test used, as for the "
            "accuracy that fine-tuning reports"
        )
    known = {index for index, label in enumerate(task.classes) if label in card.classes}
    entries = tuple(entry for entry in task.entries if entry.label in known)
    if not entries:
        raise SourceError(
            f"{task.source} has no image of a class that {card.name} knows",
            expected=f"at least one of the classes {examples(list(card.classes))}",
            got=f"images of {examples(list(task.classes))}",
            remedy="The names of the classes must be those that the expert was fine-tuned on.",
        )
    left_out = len(task.entries) - len(entries)
    if left_out:
        unknown = [label for index, label in enumerate(task.classes) if index not in known]
        warnings.append(
            f"{plural(left_out, 'image')} left out: {card.name} does not know "
            f"{plural(len(unknown), 'class')} of {task.source} ({examples(unknown)})"
        )
    if len(entries) > images:
        warnings.append(f"{images:,} of {len(entries):,} images used, drawn at random")
        drawn = set(sorted(entries, key=drawing_order(task, seed))[:images])
        entries = tuple(entry for entry in entries if entry in drawn)
    return Task(**{**vars(task), "entries": entries}), warnings


def count_confusions(
    classifier: "Classifier", part: Task, *, progress: "Progress"
) -> tuple[Confusion, list[str]]:
    """Return what an expert takes the images of a part for, and which could not be read.

    ``progress`` hears of ("predicting", images done, images in all). Raises `SourceError` where no
    image can be read.
    """
    from task2vec.finetuning.predict import predictions

    labels = {entry.key: part.classes[_single(entry.label)] for entry in part.entries}
    total, unreadable = len(labels), Counter[str]()
    at = {label: index for index, label in enumerate(classifier.card.classes)}
    counts = np.zeros((len(at), len(at)), dtype=np.int64)
    with closing(_read(part)) as raw:
        for done, each in enumerate(predictions(classifier, raw), start=1):
            if each.label is None:
                unreadable[each.error or "not read"] += 1
            else:
                counts[at[labels[each.path]], at[each.label]] += 1
            progress("predicting", done, total)
    if not counts.any():
        raise SourceError(
            f"No image of {part.source} can be read",
            expected="at least one image",
            got=", ".join(f"{reason} ({n:,})" for reason, n in unreadable.most_common(3)),
        )
    confusion = Confusion(
        classes=classifier.card.classes, counts=tuple(map(tuple, counts.tolist()))
    )
    return confusion, [
        f"{plural(n, 'image')} left out: {reason}" for reason, n in unreadable.most_common()
    ]


def evaluation_of(
    confusion: Confusion,
    *,
    model: str,
    source: str,
    seconds: float = 0.0,
    warnings: tuple[str, ...] = (),
) -> Evaluation:
    """Return the accuracies, in all and by class, that a table of confusions holds."""
    counts = np.array(confusion.counts)
    rows, correct, taken = counts.sum(axis=1), np.diag(counts), counts.sum(axis=0)
    by_class = [
        ClassEvaluation(
            label=label,
            images=int(rows[i]),
            correct=int(correct[i]),
            accuracy=correct[i] / rows[i],
            interval=wilson_interval(int(correct[i]), int(rows[i])),
            precision=correct[i] / taken[i] if taken[i] else None,
            taken_for=_most_taken_for(confusion.classes, counts[i], own=i),
        )
        for i, label in enumerate(confusion.classes)
        if rows[i]
    ]
    images, right = int(rows.sum()), int(correct.sum())
    return Evaluation(
        model=model,
        source=source,
        images=images,
        accuracy=right / images,
        interval=wilson_interval(right, images),
        balanced_accuracy=sum(each.accuracy for each in by_class) / len(by_class),
        baseline=int(rows.max()) / images,
        by_class=tuple(sorted(by_class, key=lambda each: (each.accuracy, each.label))),
        confusion=confusion,
        seconds=seconds,
        warnings=warnings,
    )


def _most_taken_for(
    classes: tuple[str, ...], row: NDArray[np.int64], *, own: int
) -> TakenFor | None:
    others = row.copy()
    others[own] = 0
    most = int(others.argmax())
    return TakenFor(name=classes[most], images=int(others[most])) if others[most] else None


def _single(label: object) -> int:
    # An image with several labels was refused.
    assert isinstance(label, int)
    return label


def _read(part: Task) -> "Generator[tuple[str, Raw], None, None]":
    yield from part.reader.read([entry.key for entry in part.entries])
