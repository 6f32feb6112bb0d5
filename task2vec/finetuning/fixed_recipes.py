"""The recipes that are carried out as they are asked for: nothing is compared or chosen."""

from collections.abc import Callable
from dataclasses import dataclass

from task2vec.finetuning.classify import frozen_features
from task2vec.finetuning.cross_validation import cross_validate_probe, cross_validate_training
from task2vec.finetuning.epochs import train_to_the_end, train_until_best
from task2vec.finetuning.fine_tuned import LOOKING, FineTuned, as_it_was, as_trained
from task2vec.finetuning.foreseen_work import folds
from task2vec.finetuning.last_stage import split_network
from task2vec.finetuning.prepared import Prepared, Run
from task2vec.finetuning.splits import Labelled
from task2vec.probe.probe import Pixels, Probe
from task2vec.types.tuning import Recipe


class LinearProbe:
    """The convex classifier on the features of the starting model, which stays as it is."""

    def check(self, start: Probe) -> None:
        """Every network has features."""

    def make(self, run: Run, training: Labelled[Pixels], validation: Labelled[Pixels]) -> FineTuned:
        """Fit the classifier."""
        run.say(LOOKING, len(training.images) + len(validation.images))
        features = frozen_features(run.start, training.images, run.tick)
        classifier = run.fitted(features, training)
        held_out = None
        if validation.images:
            held_out = run.judge(classifier, validation)
        elif divided := folds(training.labels, seed=run.settings.seed):
            _, held_out = cross_validate_probe(run, training, features, divided)
        return as_it_was(run, classifier, training, held_out=held_out)


@dataclass(frozen=True)
class Trained:
    """A recipe that trains, in epochs, the images as ``prepare`` makes them ready."""

    recipe: Recipe
    prepare: Callable[[Run, Labelled[Pixels]], Prepared]

    def check(self, start: Probe) -> None:
        """Only the last stage asks for anything: a network that has one."""
        if self.recipe is Recipe.LAST_STAGE:
            split_network(start)

    def make(self, run: Run, training: Labelled[Pixels], validation: Labelled[Pixels]) -> FineTuned:
        """Train until validation stops it; without, to the end, calibrated by folds."""
        images, few = self.prepare(run, training), not validation.images
        rate = run.settings.peak(self.recipe, few=few)
        if not few:
            held = self.prepare(run, validation)
            run.say(LOOKING, images.looks(train=True) + held.looks(judge=True))
            images.look(train=True)
            held.look(judge=True)
            validated = train_until_best(
                run, images.training(run.first_classifier(training), rate), held
            )
            return as_trained(
                validated.kept(),
                self.recipe,
                held_out=validated.held_out,
                best_epoch=validated.best.epoch,
                curve=validated.curve,
            )
        divided = folds(training.labels, seed=run.settings.seed)
        run.say(LOOKING, images.looks(train=True, judge=bool(divided)))
        images.look(train=True, judge=bool(divided))
        held_out = None
        if divided:
            heads = [run.first_classifier(images.part(train).data) for train, _ in divided]
            held_out = cross_validate_training(
                run, images, divided, heads=heads, rate=rate, doing="training to calibrate"
            )
        done = train_to_the_end(run, images.training(run.first_classifier(training), rate))
        return as_trained(done, self.recipe, held_out=held_out, best_epoch=done.epoch)
