"""What fine-tuning was expected to gain beside what it gained."""

from task2vec.cli.output import console
from task2vec.cli.table import print_table
from task2vec.messages.recommendations import Recommendation


def print_promise(
    promised: Recommendation, *, level: float, measured: tuple[float, float, float], images: int
) -> None:
    """Print the expected and the measured gain over the default, and whether the interval held.

    ``measured`` is the gain on ``images`` test images with the ends of its 95 % interval, in
    fractions; ``level`` is the share of gains that the expected interval is to hold.
    """
    gain, *ends = measured
    low, high = promised.fine_tuned_interval
    out = console()
    out.print()
    print_table(
        ["gain over the default", "points", "interval"],
        [
            (
                "expected in step 5",
                _points(promised.fine_tuned_gain),
                _interval((low, high), level),
            ),
            (f"measured on {images} images", _points(gain), _interval((ends[0], ends[1]), 0.95)),
        ],
    )
    out.print()
    held = low <= gain <= high
    out.print(
        "The expectation held: the measured gain lies within the expected interval."
        if held
        else "The expectation did not hold: the measured gain lies outside the expected interval."
    )
    if ends[0] > 0 or ends[1] < 0:
        better, worse = (promised.model, "the default")[:: 1 if gain > 0 else -1]
        out.print(f"Fine-tuned, {better} is better on this task than {worse}.")
    else:
        out.print(
            f"Fine-tuned, {promised.model} and the default differ on this task by no more than the "
            "noise of the test images."
        )


def _interval(ends: tuple[float, float], level: float) -> str:
    return f"{_points(ends[0])} to {_points(ends[1])} ({100 * level:.0f} %)"


def _points(gain: float) -> str:
    return f"{100 * gain:+z.1f}"
