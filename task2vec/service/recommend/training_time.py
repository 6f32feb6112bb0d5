"""How long fine-tuning would take, by each recipe and from each starting model, on this machine."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from task2vec.data.task import Task
from task2vec.errors import SourceError
from task2vec.finetuning.duration import Work, expected_seconds
from task2vec.finetuning.foreseen_work import work_of
from task2vec.finetuning.probe_cache import Pace
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Indices, foreseen, foreseen_of_images
from task2vec.messages.models import Model
from task2vec.messages.settings import TUNING
from task2vec.service.recommend.budget_run import longest
from task2vec.types.tuning import RECIPES, Recipe


@dataclass(frozen=True)
class PlannedTraining:
    """What `finetune` computes on a task by each recipe, and how many images it reads."""

    work: Mapping[Recipe, Work]
    images: int

    @classmethod
    def on(cls, task: Task) -> "PlannedTraining | None":
        """Return the plan for a task whose images are at hand; None where none is to train on."""
        try:
            return cls._of(*foreseen(task, images=TUNING.images, seed=TUNING.seed))
        except SourceError:
            return None

    @classmethod
    def on_images(cls, images: int, *, classes: int, most: int) -> "PlannedTraining":
        """Return the plan for a task that ``images`` are known of, in classes of one size.

        It was embedded from ``most`` at most: where it has as many, it may have more, and
        fine-tuning is supposed to find all that it takes.
        """
        if images >= most:
            images = max(images, TUNING.images)
        return cls._of(*foreseen_of_images(images, classes, seed=TUNING.seed))

    @classmethod
    def _of(cls, training: Indices, validation: Indices, test: int) -> "PlannedTraining":
        usual = TUNING.model_dump(exclude={"images", "recipe"})
        work = {
            recipe: work_of(
                training,
                validation=validation,
                test=test,
                settings=FineTuningSettings(**usual, recipe=recipe),
            )
            for recipe in RECIPES
        }
        return cls(work, len(training) + len(validation) + test)

    def seconds(
        self, models: Iterable[Model], paces: Mapping[str, Pace]
    ) -> dict[str, dict[Recipe, float]]:
        """Return the seconds of each recipe by model id, of the models that they can be told of.

        ``paces`` are those of linear probes by model id, in their order: the first is the default,
        whose probe also loads the libraries. Networks of one architecture and input size take the
        same time. Of a network that was not measured the pace is that of the first measured one,
        scaled by parameters and pixels: for EfficientNet-Lite 1 and 2 that is 14 and 20 % less than
        their multiplications say.
        """
        known = {model.id: model for model in models}
        timed = {id_: pace for id_, pace in paces.items() if pace.images}
        if not timed:
            return {}
        reading = self.images * longest([pace.read / pace.images for pace in timed.values()])
        alike = defaultdict[tuple[str, int | None], list[float]](list)
        for id_, pace in timed.items():
            if id_ in known:
                alike[_kind(known[id_])].append(pace.an_image)
        measured = next((known[id_] for id_ in timed if id_ in known), None)
        found = {}
        for model in known.values():
            an_image = _median(alike[_kind(model)]) if _kind(model) in alike else None
            if an_image is None and measured is not None:
                ratio = _cost_ratio(model, measured)
                an_image = ratio and ratio * _median(alike[_kind(measured)])
            if an_image is None or model.parameters is None:
                continue
            found[model.id] = {
                recipe: reading
                + expected_seconds(work, an_image=an_image, parameters=model.parameters)
                for recipe, work in self.work.items()
            }
        return found


def _kind(model: Model) -> tuple[str, int | None]:
    return model.architecture, model.input_size


def _median(values: list[float]) -> float:
    # One probe may have met a busy moment of the machine.
    return float(np.median(values))


def _cost_ratio(model: Model, other: Model) -> float | None:
    """Return how much more a model computes for an image than another; None where not known."""
    own, theirs = _cost(model), _cost(other)
    return own / theirs if own and theirs else None


def _cost(model: Model) -> float | None:
    if model.parameters is None or model.input_size is None:
        return None
    return model.parameters * model.input_size**2
