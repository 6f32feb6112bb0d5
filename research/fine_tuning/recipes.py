"""The recipes that are compared, and in which order they are measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from research.fine_tuning.cells import TASKS, Budget
from task2vec.finetuning.settings import FineTuningSettings, HeadStart

PROBE = "linear probe"
#: With all images the rate could be chosen by whole runs, or by short ones.
WHOLE, SHORT = 8, 2

BIG = FineTuningSettings(
    epochs=WHOLE, batch_size=32, learning_rate=1e-3, weight_decay=1e-2, augmentation=1.0
)
SMALL = replace(BIG, batch_size=8, epochs=16)
GENTLE = 3e-4
#: What each changes of this one is in its name.
BASE = "rate 3e-4"

FEW: Mapping[str, FineTuningSettings] = {
    "batch 32, 8 epochs": BIG,
    "rate 1e-3": SMALL,
    BASE: (_few := replace(SMALL, learning_rate=GENTLE)),
    "rate 3e-3": replace(SMALL, learning_rate=3e-3),
    "head of the linear probe": replace(_few, head_start=HeadStart.LINEAR_PROBE),
    "no augmentation": replace(_few, augmentation=0.0),
    "8 epochs": replace(_few, epochs=8),
    "weight decay 0.1": replace(_few, weight_decay=0.1),
    "twice the augmentation": replace(_few, augmentation=2.0),
}
#: As `finetune` trains where cross-validation chooses: 64 steps.
SOME: Mapping[str, FineTuningSettings] = {BASE: replace(_few, batch_size=19)}
ALL: Mapping[str, FineTuningSettings] = {
    "rate 1e-3": BIG,
    BASE: (_all := replace(BIG, learning_rate=GENTLE)),
    "rate 3e-3": replace(BIG, learning_rate=3e-3),
    "head of the linear probe": replace(_all, head_start=HeadStart.LINEAR_PROBE),
    "no augmentation": replace(_all, augmentation=0.0),
    "16 epochs": replace(_all, epochs=2 * WHOLE),
    "weight decay 0.1": replace(_all, weight_decay=0.1),
}
RATES = ("rate 1e-3", BASE, "rate 3e-3")


class How(StrEnum):
    """How a recipe is measured; the short run stands for the choice of a rate only."""

    TEST = ""
    FOLDS = "folds, "
    SHORT = "short, "


@dataclass(frozen=True)
class Measurement:
    """A row of the results: a recipe on a task's images of one seed; None is the linear probe."""

    budget: Budget
    seed: int
    task: str
    recipe: str
    settings: FineTuningSettings | None
    how: How = How.TEST

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What tells it from the others."""
        return self.budget, self.seed, self.task, f"{self.how}{self.recipe}"


def plan() -> Iterator[Measurement]:
    """Give what is to be measured, what is needed most first: it may be stopped anywhere."""
    *usable, largest = RATES
    yield from _each(Budget.FEW, 0, PROBE)
    yield from _each(Budget.FEW, 0, *RATES, hows=(How.TEST, How.FOLDS))
    yield from _each(Budget.ALL, 0, PROBE)
    yield from _each(Budget.ALL, 0, *usable, hows=(How.TEST, How.SHORT))
    # The largest harmed wherever it was tried.
    yield from _each(Budget.FEW, 1, PROBE, *usable)
    yield from _each(Budget.FEW, 0, *FEW)
    yield from _each(Budget.FEW, 1, *usable, hows=(How.FOLDS,))
    yield from _each(Budget.ALL, 0, largest, hows=(How.TEST, How.SHORT))
    yield from _each(Budget.ALL, 0, *ALL)
    # More cells for the choice between fine-tuning and the linear probe.
    for seed in (0, 1):
        yield from _each(Budget.SOME, seed, PROBE)
        yield from _each(Budget.SOME, seed, BASE, hows=(How.TEST, How.FOLDS))
        yield from _each(Budget.FEW, 2 + seed, PROBE)
        yield from _each(Budget.FEW, 2 + seed, BASE, hows=(How.TEST, How.FOLDS))


def _each(
    budget: Budget, seed: int, *recipes: str, hows: tuple[How, ...] = (How.TEST,)
) -> Iterator[Measurement]:
    known = {Budget.FEW: FEW, Budget.SOME: SOME, Budget.ALL: ALL}[budget]
    for recipe in recipes:
        for task in TASKS:
            for how in hows:
                settings = known.get(recipe)
                if settings is not None and how is How.SHORT:
                    settings = replace(settings, epochs=SHORT)
                yield Measurement(budget, seed, task, recipe, settings, how)
