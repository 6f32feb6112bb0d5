"""The recipe that is chosen by the images: a linear probe, or all layers where that is better."""

from dataclasses import replace
from math import sqrt

from task2vec.finetuning.classify import HeldOut, frozen_features
from task2vec.finetuning.cross_validation import cross_validate_probe, cross_validate_training
from task2vec.finetuning.epochs import train_to_the_end, train_until_best
from task2vec.finetuning.fine_tuned import LOOKING, FineTuned, as_it_was, as_trained
from task2vec.finetuning.foreseen_work import folds
from task2vec.finetuning.prepared import ForAllLayers, Run
from task2vec.finetuning.result import Choice, prefers_training
from task2vec.finetuning.splits import Labelled
from task2vec.probe.probe import Pixels, Probe
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy, paired_gain
from task2vec.types.tuning import ChosenBy, Recipe


class Auto:
    """Linear probe or all layers, by what both say of images that trained neither.

    With validation images the linear probe is compared with the epoch of the least validation
    loss. Without, both are cross-validated, and the better (see `prefers_training`) is made of all
    images; with one image a class it is the linear probe.
    """

    def check(self, start: Probe) -> None:
        """Every network has features and layers."""

    def make(self, run: Run, training: Labelled[Pixels], validation: Labelled[Pixels]) -> FineTuned:
        """Make both, and keep the better."""
        if validation.images:
            return self._by_validation(run, training, validation)
        return self._by_cross_validation(run, training)

    def _by_validation(
        self, run: Run, data: Labelled[Pixels], validation: Labelled[Pixels]
    ) -> FineTuned:
        run.say(LOOKING, len(data.images) + len(validation.images))
        classifier = run.fitted(frozen_features(run.start, data.images, run.tick), data)
        probed = run.judge(classifier, validation)
        rate = run.settings.peak(Recipe.ALL_LAYERS, few=False)
        training = ForAllLayers(run, data).training(classifier, rate)
        validated = train_until_best(
            run,
            training,
            ForAllLayers(run, validation),
            first=f"linear probe {100 * probed.score.accuracy:.0f} %",
        )
        held_out, curve = validated.held_out, validated.curve
        choice = choose(probed, held_out, by=ChosenBy.VALIDATION, learning_rate=rate)
        if choice.chosen is Recipe.LINEAR_PROBE:
            found = as_it_was(run, classifier, data, held_out=probed)
            return replace(found, choice=choice, epochs=training.epoch, curve=curve)
        found = as_trained(
            validated.kept(),
            Recipe.ALL_LAYERS,
            held_out=held_out,
            best_epoch=validated.best.epoch,
            curve=curve,
        )
        return replace(found, choice=choice)

    def _by_cross_validation(self, run: Run, data: Labelled[Pixels]) -> FineTuned:
        rate = run.settings.peak(Recipe.ALL_LAYERS, few=True)
        run.say(LOOKING, len(data.images))
        features = frozen_features(run.start, data.images, run.tick)
        divided = folds(data.labels, seed=run.settings.seed)
        if not divided:
            choice = Choice(
                chosen=Recipe.LINEAR_PROBE, by=ChosenBy.NONE, images=0, learning_rate=rate
            )
            found = as_it_was(run, run.fitted(features, data), data, held_out=None)
            return replace(found, choice=choice)
        heads, probed = cross_validate_probe(run, data, features, divided)
        images = ForAllLayers(run, data)
        held_out = cross_validate_training(
            run,
            images,
            divided,
            heads=heads,
            rate=rate,
            doing="comparing with a linear probe",
        )
        classifier = run.fitted(features, data)
        choice = choose(probed, held_out, by=ChosenBy.CROSS_VALIDATION, learning_rate=rate)
        if choice.chosen is Recipe.LINEAR_PROBE:
            run.begin("all folds are done")
            return replace(as_it_was(run, classifier, data, held_out=probed), choice=choice)
        done = train_to_the_end(run, images.training(classifier, rate))
        found = as_trained(done, Recipe.ALL_LAYERS, held_out=held_out, best_epoch=done.epoch)
        return replace(found, choice=choice)


def choose(probed: HeldOut, trained: HeldOut, *, by: ChosenBy, learning_rate: float) -> Choice:
    """Choose the recipe by what the linear probe and all layers say of the same images."""
    pair = paired_gain(ProbeAccuracy(trained.correct), ProbeAccuracy(probed.correct))
    linear_probe, all_layers, noise = probed.score, trained.score, sqrt(pair.variance)
    better = prefers_training(linear_probe, all_layers, noise=noise)
    return Choice(
        chosen=Recipe.ALL_LAYERS if better else Recipe.LINEAR_PROBE,
        by=by,
        images=len(probed.labels),
        learning_rate=learning_rate,
        linear_probe=linear_probe,
        all_layers=all_layers,
        noise=noise,
    )
