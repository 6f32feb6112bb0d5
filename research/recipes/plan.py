"""Which cells there are, and in which order they are measured."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from research.development.tasks import SUPERFAMILIES, DevelopmentTask
from research.transfer.zoo import DEFAULT, PLAIN
from task2vec.finetuning.settings import FineTuningSettings

#: Images of a class that train; None stands for two thirds of all.
SHOTS: tuple[int | None, ...] = (2, 5, 10, 30, 100, None)
#: Training images from which all layers are trained at the larger rate, as `finetune` does about.
MANY = 200


class Recipe(StrEnum):
    """What is trained, and at which peak rate."""

    PROBE = "probe"
    STAGE = "last stage 1e-3"
    FAST_STAGE = "last stage 3e-3"
    GENTLE = "all 3e-4"
    ALL = "all 1e-3"

    @property
    def settings(self) -> FineTuningSettings:
        """The settings of the training; epochs and batches as `finetune` has them."""
        return FineTuningSettings(learning_rate=self.rate)

    @property
    def rate(self) -> float:
        """The peak learning rate."""
        return float(self.rpartition(" ")[2])

    @property
    def of_stage(self) -> bool:
        """Whether the last stage alone is trained."""
        return self in (Recipe.STAGE, Recipe.FAST_STAGE)


@dataclass(frozen=True)
class Block:
    """Cells that train on the same images: the default and other models, by each recipe.

    ``run`` is the seed of training; blocks that differ in nothing else tell its noise. ``rates``
    says whether rates are tried that `finetune` does not take.
    """

    target: str
    shots: int | None
    draw: int
    models: tuple[str, ...]
    run: int = 0
    rates: bool = False

    def recipes(self, training: int) -> tuple[Recipe, ...]:
        """Return the recipes that are tried on so many training images."""
        taken = (Recipe.PROBE, Recipe.STAGE, Recipe.ALL if training >= MANY else Recipe.GENTLE)
        return tuple(Recipe) if self.rates else taken


def blocks(tasks: dict[str, DevelopmentTask]) -> Iterator[Block]:
    """Yield blocks without end; each six rounds have every target with every number of images.

    The models are the default and, drawn at random, another plain one, and experts of a relative,
    of the same superfamily and of any other task. Every sixth block is repeated with another run,
    and every tenth tries all rates.
    """
    rng = np.random.default_rng(zlib.crc32(b"recipes"))
    names, offset = list(tasks), rng.permutation(len(tasks))
    count = 0
    for turn in range(10**6):
        for position in rng.permutation(len(names)):
            target = tasks[names[position]]
            shots = SHOTS[(offset[position] + turn) % len(SHOTS)]
            models, rates = _models(tasks, target, rng), count % 10 == 0
            block = Block(target.name, shots, turn // len(SHOTS), models, rates=rates)
            yield block
            count += 1
            if count % 6 == 0:
                yield replace(block, run=1)


def _models(
    tasks: dict[str, DevelopmentTask], target: DevelopmentTask, rng: np.random.Generator
) -> tuple[str, ...]:
    kind = SUPERFAMILIES[target.family]
    others = [task for task in tasks.values() if task.name != target.name]
    near = [task.name for task in others if task.family == target.family]
    kin = [
        task.name
        for task in others
        if task.family != target.family and SUPERFAMILIES[task.family] == kind
    ]
    far = [task.name for task in others if SUPERFAMILIES[task.family] != kind]
    strata: Sequence[Sequence[str]] = (PLAIN[1:], near, kin, far)
    return (DEFAULT, *(str(rng.choice(names)) for names in strata if names))
