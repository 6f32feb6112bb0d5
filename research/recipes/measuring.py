"""Measuring the cells of a block: one starting model by every recipe on the same images."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from research.recipes.plan import Block, Recipe
from research.recipes.tables import RecipeCell
from research.transfer.targets import Draw, Target
from research.transfer.zoo import Starting
from task2vec.finetuning.classify import classify, fitted_classifier, frozen_features, unheard
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.finetuning.stage_training import StageTraining, TrunkViews
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Pixels

#: The shares of the epochs after which the test images are looked at.
LOOKS = (1 / 8, 1 / 4, 1 / 2, 3 / 4)


def measure(
    block: Block,
    target: Target,
    drawn: Draw,
    model: Starting,
    recipes: tuple[Recipe, ...],
    *,
    looks: tuple[float, ...] = LOOKS,
) -> Iterator[RecipeCell]:
    """Yield a cell for each recipe; ``looks`` are the shares of its curve, see `LOOKS`."""
    keys = tuple(map(str, range(len(target.labels))))
    every: Labelled[Pixels] = Labelled(tuple(target.images), target.labels, keys)
    training, test = part_of(every, drawn.train), part_of(every, drawn.test)
    began = time.process_time()
    features = frozen_features(model.probe, training.images, unheard)
    head = fitted_classifier(
        features, training.labels, classes=target.classes, device=torch.device("cpu")
    )
    probing = time.process_time() - began
    looked = TrunkViews(model.probe, test.images, FineTuningSettings())
    cached = torch.cat(list(looked.plain(np.arange(len(test.labels)))))

    def cell(
        recipe: Recipe, logits: Tensor, curve: tuple[tuple[int, float], ...], seconds: float
    ) -> RecipeCell:
        return RecipeCell(
            target=target.name,
            shots=block.shots,
            draw=block.draw,
            run=0 if recipe is Recipe.PROBE else block.run,
            model=model.name,
            recipe=recipe,
            training=len(training.labels),
            classes=target.classes,
            correct=np.asarray(logits.argmax(dim=1).numpy() == test.labels),
            curve=curve,
            seconds=seconds,
        )

    for recipe in recipes:
        if recipe is Recipe.PROBE:
            logits = classify(model.probe.backbone, head, model.probe, test.images)
            yield cell(recipe, logits, (), probing)
            continue
        began = time.process_time()
        settings = replace(recipe.settings, seed=block.run)
        kind = StageTraining if recipe.of_stage else Training
        run = kind(model.probe, training, classifier=head, settings=settings, rate=recipe.rate)

        def tested(run: Training = run, of_stage: bool = recipe.of_stage) -> Tensor:
            if of_stage:
                with torch.inference_mode():
                    logits: Tensor = run.network(cached)
                return logits.clone()
            return classify(run.backbone, run.classifier, model.probe, test.images)

        curve, looking = _trained(run, looks, tested, test.labels)
        seconds = time.process_time() - began - looking
        yield cell(recipe, tested(), curve, seconds)


def _trained(
    run: Training, shares: tuple[float, ...], tested: Callable[[], Tensor], labels: np.ndarray
) -> tuple[tuple[tuple[int, float], ...], float]:
    """Train to the end; return the accuracies along the way, and the seconds they took."""
    looks = {max(1, round(share * run.epochs)) for share in shares} - {run.epochs}
    curve, looking = [], 0.0
    while run.epoch < run.epochs:
        run.run_epoch(unheard)
        if run.epoch in looks:
            began = time.process_time()
            right = tested().argmax(dim=1).numpy() == labels
            curve.append((run.epoch * run.steps_an_epoch, float(right.mean())))
            looking += time.process_time() - began
    return tuple(curve), looking
