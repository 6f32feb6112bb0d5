"""The information that a task needs in a probe's weights: layers, and the curve."""

from task2vec.client.show.sheet import Sheet
from task2vec.messages.information import TaskInformation

#: As many layers as fit a screen.
_SHOWN = 12


def headline(answer: TaskInformation) -> str:
    """Return how many nats the task needs, and how many of them every task does."""
    return (
        f"{answer.nats:,.0f} nats at beta {answer.beta:g}. {answer.nats_of_place:,.0f} of them are "
        "the same for every task: they keep the weights where they are."
    )


def reading(answer: TaskInformation) -> tuple[str, str]:
    """Return how to read the nats, and what they buy."""
    return (
        "Compare nats between layers, or between tasks with the same probe and beta. They leave "
        "out how far fine-tuning moves the weights.",
        f"Loss {answer.loss:.4f} under this noise, {answer.loss_of_weights:.4f} without, "
        f"{answer.loss_of_guessing:.4f} by guessing ({answer.images} images of {answer.classes} "
        "classes).",
    )


def of_layers_needed(answer: TaskInformation) -> Sheet:
    """Return the layers with the most information of the task."""
    needed = sorted(answer.layers, key=lambda layer: layer.nats_of_place - layer.nats)
    return Sheet(
        f"Layers with the most information ({min(_SHOWN, len(needed))} of {len(needed)}; all by "
        "--json), noise in units of the layer's weights:",
        ["layer", "weights", "nats", "of the task", "per weight", "noise"],
        [
            (
                layer.name,
                layer.weights,
                round(layer.nats),
                round(layer.nats - layer.nats_of_place),
                (layer.nats - layer.nats_of_place) / layer.weights,
                layer.noise,
            )
            for layer in needed[:_SHOWN]
        ],
        spare=["noise", "weights"],
    )


def of_curve(answer: TaskInformation) -> Sheet:
    """Return the loss and the nats at each price of information."""
    return Sheet(
        "Curve:",
        ["beta", "loss", "+-", "nats", "rounds", "gradient", "sampling error", "converged"],
        [
            (
                *(f"{p.beta:g}", p.loss, p.loss_error, round(p.nats)),
                *(p.rounds, p.gradient, p.error, p.converged),
            )
            for p in answer.curve
        ],
        spare=["gradient", "rounds", "sampling error"],
    )
