"""What fine-tuning was expected to gain beside what it gained."""

from task2vec.cli.output import console
from task2vec.cli.table import print_table
from task2vec.wire.recommendations import Recommendation


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
        ["gain over the default (points)", "gain", "interval"],
        [
            ("expected", _points(promised.fine_tuned_gain), _interval((low, high), level)),
            ("measured", _points(gain), _interval((ends[0], ends[1]), 0.95)),
        ],
    )
    out.print()
    held = low <= gain <= high
    out.print(
        f"The expected interval {'held' if held else 'did not hold'}: {_points(gain)} points, "
        f"measured on {images} test images, {'is' if held else 'is not'} within "
        f"{_points(low)} to {_points(high)}."
    )


def _interval(ends: tuple[float, float], level: float) -> str:
    return f"{_points(ends[0])} to {_points(ends[1])} ({100 * level:.0f} %)"


def _points(gain: float) -> str:
    return f"{100 * gain:+.1f}"
