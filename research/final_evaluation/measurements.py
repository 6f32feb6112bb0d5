"""What models show on the images that train, measured when a rule first asks for it, and kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from research.final_evaluation.images import Images
from research.final_evaluation.plan import Trial
from research.final_evaluation.tables import (
    Passed,
    ShortTuned,
    append,
    digits,
    from_digits,
    path_of,
    read,
)
from research.scores.logme import LogMe
from research.scores.seen import Seen
from research.transfer.zoo import Starting
from task2vec.data.sampling.spool import draw_spooled
from task2vec.embedding.inputs import features
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.finetuning.probe_cache import SEED
from task2vec.finetuning.prober import held_out_accuracy
from task2vec.finetuning.run import short_tuning
from task2vec.recommendation.measure.linear_probe import leave_one_out
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.recommend.cascade import SHORT
from task2vec.types.tuning import Recipe

#: As many as the product draws to embed and to probe, where nothing else is asked for.
IMAGES = EmbeddingSettings().images


@dataclass
class Measurements:
    """Passes and short fine-tunings of models on the images of one who asks.

    ``load`` returns a starting model by its name, which takes ``loading`` seconds where it is
    there: as long as the default, however it is kept here. ``spent`` counts the processor seconds
    of what was measured now, by kind.
    """

    trial: Trial
    images: Images
    load: Callable[[str], Starting]
    loading: float
    tables: Path
    kind: str
    spent: dict[str, float] = field(default_factory=lambda: {"passes": 0.0, "tunings": 0.0})
    _passed: dict[str, Passed] = field(default_factory=dict)
    _tuned: dict[str, ShortTuned] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = self.trial.key
        passed = read(self._table(Passed), Passed)
        tuned = read(self._table(ShortTuned), ShortTuned)
        self._passed |= {row.model: row for row in passed if row.key == key}
        self._tuned |= {row.model: row for row in tuned if row.key == key}

    def passed(self, model: str) -> Passed:
        """Return the pass of a model."""
        if model not in self._passed:
            starting = self.load(model)
            began = process_time()
            self._passed[model] = row = self._pass(starting)
            append(self._table(Passed), [row])
            self.spent["passes"] += process_time() - began
        return self._passed[model]

    def tuned(self, model: str) -> ShortTuned:
        """Return the short fine-tuning of a model; without answers where none can be held out."""
        if model not in self._tuned:
            starting = self.load(model)
            began = process_time()
            found = short_tuning(starting.probe, self.images.task, images=IMAGES, settings=SHORT)
            seconds = process_time() - began
            right = "" if found is None else digits(found.correct)
            recipe = Recipe.AUTO if found is None or found.recipe is None else found.recipe
            row = ShortTuned(*self.trial.key, model, right, recipe, seconds)
            append(self._table(ShortTuned), [row])
            self._tuned[model] = row
            self.spent["tunings"] += seconds
        return self._tuned[model]

    def _table(self, row: type) -> Path:
        return path_of(self.kind, row, self.tables)

    def _pass(self, model: Starting) -> Passed:
        probe, began = model.probe, process_time()
        # As `Prober.measure` draws and passes them.
        sample = draw_spooled(
            self.images.task, images=IMAGES, seed=SEED, transform=probe.preprocess
        )
        drawn = process_time()
        seen: NDArray[np.float32] = np.concatenate(
            [batch.cpu().numpy() for batch in features(probe, sample.images)]
        )
        passed = process_time()
        found = held_out_accuracy(sample, seen)
        assert found is not None, "each class has several images"
        assert found.error is not None
        probed = process_time()
        usable = Seen(seen, sample.labels, classes=len(sample.classes)).repeated()
        ridge = leave_one_out(usable.features, usable.labels, classes=usable.classes).error
        regressed = process_time()
        logme = LogMe()(usable)
        return Passed(
            *self.trial.key,
            model=model.name,
            correct=digits(found.correct),
            error=found.error,
            ridge=ridge,
            logme=logme,
            images=len(sample.images),
            load=self.loading,
            read=drawn - began,
            passed=passed - drawn,
            probing=probed - passed,
            ridge_seconds=regressed - probed,
            logme_seconds=process_time() - regressed,
        )


def probe_of(row: Passed) -> ProbeAccuracy:
    """Return the linear probe of a pass."""
    return ProbeAccuracy(from_digits(row.correct), row.error)
