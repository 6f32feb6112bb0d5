"""Expectations about the offered models: the gain model, fitted once, updated by measurements."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from task2vec.messages.models import Model
from task2vec.messages.recommendations import EvidenceKind
from task2vec.recommendation.answer.measured_gains import Measured, discounted, gain_of, is_tie
from task2vec.recommendation.answer.predicted_accuracy import PredictedAccuracy
from task2vec.recommendation.answer.question import Question, outlines_of, world_of
from task2vec.recommendation.answer.time_limit import recipes_in_time, too_slow
from task2vec.recommendation.evidence.recipes import (
    RecipeGain,
    own_variance,
    recipe_gain,
    split_squares,
)
from task2vec.recommendation.evidence.world import Indices
from task2vec.recommendation.gain_model.fit import fit_gain_model, left_out
from task2vec.recommendation.gain_model.kernel import Cells
from task2vec.recommendation.gain_model.posterior import Belief, GainModel, Seen
from task2vec.recommendation.measure.probe_accuracy import PairedGain, noise_parts
from task2vec.recommendation.prediction.difficulty import (
    LEAST_TASKS,
    Difficulty,
    errors_elsewhere,
    foretell,
)
from task2vec.recommendation.prediction.intervals import LEVEL, NORMAL_REACH, interval_reach
from task2vec.recommendation.rankers import LEAST_GAIN, RECIPE_TRUST, TRUST, surely_best
from task2vec.types.tuning import Recipe

#: What a short fine-tuning misses of the gain that a full one will measure: a variance.
SHORT_VARIANCE = 0.01**2
#: A recipe that takes longer has to promise so much more accuracy.
WORTH_TRAINING = 0.005


@dataclass(frozen=True, eq=False)
class Judged:
    """The belief in the gains of the ``offered`` models, in their order; the default's is exact.

    ``model`` is the gain model that it comes from; the last of the gains that it has seen are
    ``measurements`` on the target's own images, of these kinds. ``measured`` (n,) says which of the
    offered models they are of. ``ties`` are the places of models that got as many of these images
    right as the default did, to one image, and for which nothing else speaks by a standard
    deviation: neither their squared errors nor other tasks. Those that take longer than there is
    time are ``slow``. ``gain_by`` returns the gain that a recipe is expected to show of the offered
    model at a place, and ``recipe`` is the one to take.
    """

    offered: Sequence[Model]
    default: int | None
    model: GainModel
    belief: Belief
    measurements: tuple[EvidenceKind, ...]
    measured: tuple[bool, ...]
    ties: frozenset[int]
    recipe: Recipe
    gain_by: Callable[[Recipe, int], RecipeGain]
    slow: frozenset[int] = frozenset()

    @property
    def best(self) -> int | None:
        """The model that surely gains most by a linear probe; None without one. A tie is none."""
        return self._best(self.slow)

    @property
    def best_without_limit(self) -> int | None:
        """The same if there were time for all."""
        return self._best(frozenset())

    def _best(self, slow: frozenset[int]) -> int | None:
        mean = self.belief.mean.copy()
        if self.default is not None:
            mean[[*self.ties]] = np.minimum(mean[[*self.ties]], 0.0)
        mean[[*slow]] = -np.inf
        return surely_best(mean, self.belief.sd, trust=TRUST)

    def gains(self, place: int) -> bool:
        """Whether a model surely gains by the recipe: see `LEAST_GAIN` and `RECIPE_TRUST`."""
        expected = self.gain_by(self.recipe, place)
        return expected.mean >= max(LEAST_GAIN, RECIPE_TRUST * expected.sd)

    @property
    def leader(self) -> int | None:
        """The model to take: the `best` if it `gains` by the recipe to take, else the default.

        Most of a gain of linear probes is lost where many images train.
        Without the default, or time for it, it is the best, or what is expected to gain most; None
        where nothing is offered.
        """
        best = self.best
        if self.default is not None and self.default not in self.slow:
            return best if best is not None and self.gains(best) else self.default
        if best is not None or not self.belief.mean.size:
            return best
        mean = self.belief.mean.copy()
        mean[[*self.slow]] = -np.inf
        return int(np.argmax(mean))


class Judge:
    """Judges the models of a question; fitting the gain model takes the most of it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.offered = question.offered()
        self._world = world_of(question)
        self._target = len(self._world.tasks) - 1
        self._fitted = fit_gain_model(self._world, target=self._target)
        self._number = {id_: i for i, id_ in enumerate(self._world.models)}
        elsewhere = left_out(self._fitted)
        self.reach, self.calibrated = interval_reach(elsewhere.errors, elsewhere.tasks, level=LEVEL)

    def about(self, question: Question) -> "Judge":
        """Return the judge of the same tasks, models and outcomes, fitted as this one is.

        What was measured, and which of the models are offered, may differ.
        """
        other = copy(self)
        other.question, other.offered = question, question.offered()
        return other

    def judge(self, *, probed: Measured, tuned: Measured | None = None) -> Judged:
        """Return what is thought of the models after linear probes and short fine-tunings."""
        probes = self._seen(probed)
        model = self._with(self._fitted, probes)
        kinds = (EvidenceKind.LINEAR_PROBE,) * len(probes.cells)
        predicted = self.predicted(probed)
        races = self._races(tuned or {}, model, predicted)
        model = self._with(model, races)
        kinds += (EvidenceKind.FINE_TUNING,) * len(races.cells)
        rows_of = np.array([self._number[each.id] for each in self.offered], dtype=np.int64)
        belief = model.believe(self._here(rows_of))
        default = next(
            (i for i, m in enumerate(self.offered) if m.id == self.question.default), None
        )
        if default is not None:
            belief = belief.with_known(default, 0.0)
        ties = frozenset(
            place
            for place, each in enumerate(self.offered)
            if is_tie(each.id, tuned or {}, probed, default=self.question.default)
            and belief.mean[place] <= belief.sd[place]
        )
        among = np.isin(rows_of, np.concatenate([probes.cells.models, races.cells.models]))
        measured = tuple(among.tolist())
        offered = self.offered
        base = predicted.by(Recipe.LINEAR_PROBE).accuracy

        def gain_by(recipe: Recipe, place: int) -> RecipeGain:
            mean, sd = float(belief.mean[place]), float(belief.sd[place])
            # Where the model errs farther than it states, so does what rests on it.
            sd *= self.reach_of(measured=measured[place]) / NORMAL_REACH
            return self._gain_by(recipe, offered[place].id, mean, sd, base=base, tuned=tuned)

        recipe = self.recipe_for(predicted)
        return Judged(
            offered=offered,
            default=default,
            model=model,
            belief=belief,
            measurements=kinds,
            measured=measured,
            ties=ties,
            recipe=recipe,
            gain_by=gain_by,
            slow=too_slow(self.question, recipe),
        )

    def reach_of(self, *, measured: bool) -> float:
        """Return how many standard deviations the interval of a model's gain reaches.

        Of a measured model mostly the noise of its measurement is left in doubt, which is normal.
        Of the others it is what the gain model misses, which is known from other tasks.
        """
        return NORMAL_REACH if measured else self.reach

    def predicted(self, probed: Measured) -> PredictedAccuracy:
        """Return what is known of the default's accuracy on the target."""
        question = replace(self.question, measured=probed)
        return PredictedAccuracy.of(question, self.foretold)

    def recipe_for(self, predicted: PredictedAccuracy) -> Recipe:
        """Return the recipe to take: that of the highest accuracy, a cheaper one if nearly as good.

        Where nothing tells how well the default does, the dearest is what helps most. Recipes that
        there is no time for are left out.
        """
        taken, *dearer = recipes_in_time(self.question)
        for recipe in dearer:
            own, other = predicted.by(recipe).accuracy, predicted.by(taken).accuracy
            if own is None or other is None or own > other + WORTH_TRAINING:
                taken = recipe
        return taken

    def _gain_by(
        self,
        recipe: Recipe,
        model: str,
        mean: float,
        sd: float,
        *,
        base: float | None,
        tuned: Measured | None,
    ) -> RecipeGain:
        """Return the gain of a model by a recipe, from the gain of its linear probe.

        What was trained by the recipe, here or as an outcome, counts as such.
        """
        question = self.question
        if model == question.default:
            return RecipeGain(0.0, 0.0)
        expected = recipe_gain(recipe, mean, sd, images=question.training, base=base)
        if recipe is Recipe.LINEAR_PROBE:
            return expected
        expected = expected.borne_out()
        short = gain_of(model, tuned or {}, question.default)
        if short is not None and recipe is Recipe.ALL_LAYERS:
            variance = short.variance + SHORT_VARIANCE
            seen = question.seen.get(model, 0.0)
            expected = expected.after(*discounted(short.gain, variance, seen=seen))
        recorded = question.target and question.gains.by_recipe(model, question.target, recipe)
        return expected.after(*recorded) if recorded else expected

    def _seen(self, probed: Measured) -> Seen:
        """Return the gains that linear probes found: their noise is partly common to all."""
        paired = self._gains(probed)
        parts = []
        for model, each in paired.items():
            gain, variance = each.with_error(classes=self.question.classes)
            own, common = noise_parts(variance)
            parts.append((*discounted(gain, own, seen=self._images_seen(model)), common))
        gains, variances, shared = np.array(parts).reshape(-1, 3).T
        return Seen(self._here(np.array([*paired], dtype=np.int64)), gains, variances, shared)

    def _races(self, tuned: Measured, model: GainModel, predicted: PredictedAccuracy) -> Seen:
        """Return the gains that short fine-tunings found.

        They measure what is promised in the end, which a linear probe misses by `own_variance`: so
        they are believed as much more as that widens what was expected.
        """
        paired = self._gains(tuned)
        cells = self._here(np.array([*paired], dtype=np.int64))
        measurements = [
            discounted(each.gain, each.variance + SHORT_VARIANCE, seen=self._images_seen(number))
            for number, each in paired.items()
        ]
        gains, variances = np.array(measurements).reshape(-1, 2).T
        belief = model.believe(cells)
        expected, images = np.square(belief.sd), self.question.training
        accuracy = predicted.by(Recipe.ALL_LAYERS).accuracy
        own = [
            own_variance(
                Recipe.ALL_LAYERS, *split_squares(mean, sd), images=images, accuracy=accuracy
            )
            for mean, sd in zip(belief.mean.tolist(), belief.sd.tolist(), strict=True)
        ]
        return Seen(cells, gains, variances * expected / (expected + np.array(own)))

    def _gains(self, measured: Measured) -> dict[int, PairedGain]:
        """Return the gains that were measured, by the numbers of their models."""
        return {
            self._number[id_]: paired
            for id_ in measured
            if id_ in self._number and (paired := gain_of(id_, measured, self.question.default))
        }

    def _images_seen(self, number: int) -> float:
        """Return the share of the target's images that a model, by its number, was trained on."""
        return self.question.seen.get(self._world.models[number], 0.0)

    def _here(self, models: Indices) -> Cells:
        return Cells(models, np.full(len(models), self._target))

    def _with(self, model: GainModel, more: Seen) -> GainModel:
        if not len(more.cells):
            return model
        return GainModel(self._world, model.scales, model.seen.with_more(more))

    @cached_property
    def foretold(self) -> tuple[Difficulty, float, bool] | None:
        """The default's accuracy as other tasks tell it, how far its interval reaches, how surely.

        None where too little is known of the default on other tasks.
        """
        base = self._world.base
        if np.isfinite(base).sum() < LEAST_TASKS:
            return None
        outlines = outlines_of(self.question, self._world)
        reach, sure = interval_reach(*errors_elsewhere(outlines, base), level=LEVEL)
        return foretell(outlines, base, target=self._target), reach, sure
