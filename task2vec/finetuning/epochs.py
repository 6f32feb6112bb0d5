"""Training epoch by epoch: until validation stops it, or to the end."""

from dataclasses import dataclass

from task2vec.finetuning.classify import BestEpoch, HeldOut
from task2vec.finetuning.prepared import Prepared, Run
from task2vec.finetuning.result import CurvePoint
from task2vec.finetuning.training import ALL_DONE, Training

_TRAINING = "training"


@dataclass(frozen=True, eq=False)
class Validated:
    """A training that validation stopped, and its best epoch, whose weights it has on `kept`."""

    training: Training
    best: BestEpoch

    @property
    def held_out(self) -> HeldOut:
        """What the best epoch says of the validation images."""
        assert self.best.held_out is not None, "there is at least one epoch"
        return self.best.held_out

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """Accuracy and loss on the validation images after each epoch."""
        steps = self.training.steps_an_epoch
        return tuple(
            CurvePoint(steps=steps * epoch, **score.model_dump())
            for epoch, score in enumerate(self.best.scores, start=1)
        )

    def kept(self) -> Training:
        """Return the training with the weights of the best epoch."""
        self.best.fill(self.training.network)
        return self.training


def train_until_best(
    run: Run, training: Training, validation: Prepared, *, first: str = ""
) -> Validated:
    """Train until some epochs in a row were no better than the best one.

    ``first`` is what is known before the first epoch, in words. Goes on with what is unfinished.
    """
    best, patience = BestEpoch(), run.settings.patience
    images = len(training.data.images) + len(validation.data.images)
    if (state := run.unfinished.get(_TRAINING)) is not None:
        training.restore(state)
        best.restore(state, validation.data.labels)
    run.begin(ALL_DONE if best.is_over(training.epoch, patience) else training.next_epoch)
    while training.epoch < training.epochs and not best.is_over(training.epoch, patience):
        so_far = first
        if best.held_out is not None:
            so_far = f"best so far {100 * best.held_out.score.accuracy:.0f} % (epoch {best.epoch})"
        words = f"epoch {training.epoch + 1} of at most {training.epochs}"
        run.say(f"{words}, {so_far}" if so_far else words, images)
        training.run_epoch(run.tick)
        best.consider(training.epoch, training.network, validation.held_out(training))
        run.unfinished.put(_TRAINING, {**training.state(), **best.state()})
    return Validated(training, best)


def train_to_the_end(run: Run, training: Training) -> Training:
    """Train for all epochs; goes on with what is unfinished."""
    if (state := run.unfinished.get(_TRAINING)) is not None:
        training.restore(state)
    run.begin(training.next_epoch)
    while training.epoch < training.epochs:
        run.say(training.next_epoch, len(training.data.images))
        training.run_epoch(run.tick)
        run.unfinished.put(_TRAINING, training.state())
    return training
