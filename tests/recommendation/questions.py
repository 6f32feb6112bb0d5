"""Small zoos with what is known of them."""

import numpy as np
from factories import make_model

from task2vec.messages.outcomes import StoredOutcome
from task2vec.recommendation.answer.question import KnownTask, Question
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.gain_model.kernel import Scales
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.types.tuning import Recipe

#: Distances on either side of where one task says something of another.
REACH = Scales().reach
NEAR, FAR = 0.1 * REACH, 4 * REACH


def model(name, task=None):
    """A model whose id is not its name, and of which no figure is published."""
    source, ref = f"tsk-{task}" if task else None, f"file:{name}.safetensors"
    return make_model(name, id=f"mdl-{name}", ref=ref, task=source, parameters=1000, input_size=16)


def outcome(name, task, accuracy, protocol="linear probe"):
    """An outcome on a hundred thousand images: its noise is small."""
    return StoredOutcome(
        model=f"mdl-{name}",
        task=f"tsk-{task}",
        accuracy=accuracy,
        protocol=protocol,
        images=100_000,
    )


def at(**distances):
    """Known tasks by name, the asymmetric distance a little below the symmetric one."""
    return {f"tsk-{name}": KnownTask(name, d, d - 0.05) for name, d in distances.items()}


def right(correct, total):
    """A linear probe that got the first ``correct`` of ``total`` images right."""
    return ProbeAccuracy(np.arange(total) < correct)


def apart(tasks):
    """Distances between tasks, as if they and the target lay on a line with the target at 0."""
    line = np.array([task.symmetric for task in tasks.values()])
    return np.abs(line[:, None] - line[None, :])


def ask(models, *, tasks=None, outcomes=(), measured=None, images=100, **known):
    """A question whose default is the model ``plain``."""
    tasks = tasks or {}
    return Question(
        models=models,
        default="mdl-plain",
        tasks=tasks,
        between=apart(tasks),
        gains=GainTable(outcomes, "mdl-plain"),
        measured={f"mdl-{name}": probe for name, probe in (measured or {}).items()},
        images=images,
        **known,
    )


PLAIN = model("plain")
#: An expert of roses that gained 19 points there and 18 on near tulips, in a zoo with another.
GARDEN = ask(
    [PLAIN, model("rose-expert", "roses"), model("car-expert", "cars")],
    tasks=at(roses=NEAR, tulips=1.5 * NEAR, cars=FAR),
    outcomes=[
        outcome("plain", "roses", 0.70),
        outcome("rose-expert", "roses", 0.89),
        outcome("plain", "tulips", 0.60),
        outcome("rose-expert", "tulips", 0.78),
        outcome("plain", "cars", 0.60),
        outcome("rose-expert", "cars", 0.50),
    ],
)


def names(answer):
    return [found.model for found in answer.recommendations]


def found(answer, name):
    return next(found for found in answer.recommendations if found.model == name)


def kinds(recommendation):
    return [piece.kind for piece in recommendation.evidence]


def by_probe(candidate):
    """What a linear probe is expected to give."""
    return candidate.plan(Recipe.LINEAR_PROBE)


def by_training(candidate):
    """What training all layers is expected to give."""
    return candidate.plan(Recipe.ALL_LAYERS)
