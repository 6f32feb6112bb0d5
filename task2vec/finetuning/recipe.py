"""Fine-tuning a starting model on a task by one of the recipes, each registered once."""

from collections.abc import Mapping

import numpy as np

from task2vec.finetuning.auto_recipe import Auto
from task2vec.finetuning.classify import Tick, classify, unheard
from task2vec.finetuning.fine_tuned import FineTuned, Method
from task2vec.finetuning.fixed_recipes import LinearProbe, Trained
from task2vec.finetuning.foreseen_work import LEAST_VALIDATION
from task2vec.finetuning.prepared import ForAllLayers, ForLastStage, Run, Say
from task2vec.finetuning.resume import Unfinished
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, joined
from task2vec.probe.probe import Pixels, Probe
from task2vec.types.tuning import Recipe

__all__ = ["METHODS", "FineTuned", "Tick", "classify", "fine_tune"]

#: How each recipe is carried out.
METHODS: Mapping[Recipe, Method] = {
    Recipe.AUTO: Auto(),
    Recipe.LINEAR_PROBE: LinearProbe(),
    Recipe.LAST_STAGE: Trained(Recipe.LAST_STAGE, ForLastStage.of),
    Recipe.ALL_LAYERS: Trained(Recipe.ALL_LAYERS, ForAllLayers),
}


def fine_tune(
    start: Probe,
    training: Labelled[Pixels],
    validation: Labelled[Pixels],
    *,
    classes: int,
    settings: FineTuningSettings,
    say: Say | None = None,
    tick: Tick | None = None,
    unfinished: Unfinished | None = None,
) -> FineTuned:
    """Make a network of a starting model by the recipe of the settings.

    With fewer than `LEAST_VALIDATION` images of validation these train, too, and cross-validation
    stands in for them. The starting model is copied, never changed. A run that goes on with an
    ``unfinished`` one ends as that would have ended. Raises as `Method.check` does.
    """
    method = METHODS[settings.recipe]
    method.check(start)
    run = Run(
        start=start,
        classes=classes,
        settings=settings,
        say=say or (lambda _words, _images: None),
        tick=tick or unheard,
        unfinished=unfinished or Unfinished(),
    )
    return method.make(run, *_parts(training, validation))


def _parts(
    training: Labelled[Pixels], validation: Labelled[Pixels]
) -> tuple[Labelled[Pixels], Labelled[Pixels]]:
    if len(validation.images) >= LEAST_VALIDATION:
        return training, validation
    return joined(training, validation), Labelled((), np.zeros(0, dtype=np.int64), ())
