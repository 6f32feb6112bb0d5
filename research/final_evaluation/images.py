"""The images that somebody has, and those that test what he gets."""

from dataclasses import dataclass, replace

from research.development.tasks import DevelopmentTask
from research.final_evaluation.plan import Trial
from research.recipes.draws import drawn
from research.transfer.targets import Draw, Target
from task2vec.data.open import open_source
from task2vec.data.task import Task

#: Seeds of draws that are tried where a class has too few images on the side that trains.
TRIES = 20
#: Between the seeds of two draws, so that none is tried for both.
_APART = 1000


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
        draw = drawn(target, trial.shots, trial.draw + _APART * attempt)
        if draw is not None and len(draw.test):
            return Images(target, draw, training_task(task, target, draw))
    return None


def training_task(task: DevelopmentTask, target: Target, draw: Draw) -> Task:
    """Return the task of the images that train, under the names of all classes."""
    whole = open_source(task.folder)
    keys = {target.keys[position] for position in draw.train}
    entries = tuple(entry for entry in whole.entries if entry.key in keys)
    return replace(whole, entries=entries)
