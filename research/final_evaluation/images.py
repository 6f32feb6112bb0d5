"""The images that somebody has, and those that test what he gets."""

import zlib
from dataclasses import dataclass, replace

import numpy as np

from research.development.tasks import DevelopmentTask
from research.final_evaluation.plan import Trial
from research.recipes.draws import MOST_TESTS, drawn
from research.transfer.targets import Draw, Indices, Target
from task2vec.data.open import open_source
from task2vec.data.task import Task

#: Seeds of draws that are tried where a class has too few images on the side that trains.
TRIES = 20
#: Between the seeds of two draws, so that none is tried for both.
_APART = 1000
#: How many times as many images the largest class of a test may have as the smallest, where all
#: classes train on equally many: somebody who gathers as many of each expects to meet as many.
EVEN = 2


@dataclass(frozen=True, eq=False)
class Images:
    """The ``draw`` of a target's images, and the ``task`` of those that train, alone.

    All that is known of the target comes from ``task``: its embedding, its class scatter, linear
    probes, scores and short fine-tunings. No image that tests is in it, nor one of an object that
    tests.
    """

    target: Target
    draw: Draw
    task: Task


def images_of(trial: Trial, task: DevelopmentTask, target: Target) -> Images | None:
    """Return the images that somebody has; None where no draw has so many of each class."""
    for attempt in range(TRIES):
        draw = drawn(target, trial.shots, trial.draw + _APART * attempt, most_tests=None)
        if draw is not None and len(draw.test):
            draw = Draw(draw.train, _tests(draw.test, trial, target))
            return Images(target, draw, training_task(task, target, draw))
    return None


def _tests(test: Indices, trial: Trial, target: Target) -> Indices:
    """Return at most `MOST_TESTS` of the images that may test, at random.

    With as many images of each class to train on, classes are about even here, too (`EVEN`); with
    all images they are as frequent as they are.
    """
    rng = np.random.default_rng([zlib.crc32(target.name.encode()), trial.draw, len(test)])
    test = rng.permutation(test)
    if trial.shots is not None:
        labels = target.labels[test]
        # The place of an image among those of its class.
        places = np.array([np.sum(labels[:i] == label) for i, label in enumerate(labels)])
        most = EVEN * np.bincount(labels, minlength=target.classes).min()
        kept = np.flatnonzero(places < most)
        # The first of each class come first, whatever else is left out.
        test = test[kept[np.argsort(places[kept], kind="stable")]]
    return np.sort(test[:MOST_TESTS])


def training_task(task: DevelopmentTask, target: Target, draw: Draw) -> Task:
    """Return the task of the images that train, under the names of all classes."""
    whole = open_source(task.folder)
    keys = {target.keys[position] for position in draw.train}
    entries = tuple(entry for entry in whole.entries if entry.key in keys)
    return replace(whole, entries=entries)
