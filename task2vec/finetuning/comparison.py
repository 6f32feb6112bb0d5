"""Starting models compared with the default by what their experts get right on the same images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from task2vec.data.wording import plural
from task2vec.errors import InputError
from task2vec.messages.comparisons import ComparedModel, Comparison
from task2vec.recommendation.prediction.intervals import (
    chance_of_more,
    paired_score_interval,
    wilson_interval,
)

LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class ComparedExpert:
    """What fine-tuning made of a model, and which test images (N,) were ``correct``.

    ``tested`` is equal for the same test images, in their order.
    """

    expert: str
    correct: NDArray[np.bool_]
    tested: str
    seconds: float


def comparison_of(
    experts: Mapping[str, ComparedExpert],
    *,
    task: str,
    default: str,
    failed: Mapping[str, str],
    warnings: tuple[str, ...] = (),
) -> Comparison:
    """Return how fine-tuned models differ from the default, and which one to take.

    ``experts`` are by the name of the model, the ``default`` among them, and ``failed`` says of
    others why there is none. All m models besides the default are looked at, and the best is
    picked; so each gain has an interval of 1 - 0.1 / m (`paired_score_interval`), and is sure where
    the exact test (`chance_of_more`) stays below 0.05 / m on its side (Bonferroni). With 90 %
    certainty all intervals hold together, and one comparison in twenty at most takes a model that
    is no better. Both are over test images, of experts that were trained once.

    Raises `InputError` where models were not tested on the same images.
    """
    base = experts[default]
    if any(each.tested != base.tested for each in experts.values()):
        raise InputError(
            "The models were tested on different images",
            expected="the same test images for all",
            remedy="Do the images still lie where they were? Compare with another `--seed`.",
        )
    compared = len(experts) - 1 + len(failed)
    rows = sorted(
        (_row(name, each, base, compared) for name, each in experts.items() if name != default),
        key=lambda row: -(row.gain or 0.0),
    )
    chosen = next((row.model for row in rows if row.better), default)
    images = len(base.correct)
    return Comparison(
        task=task,
        chosen=chosen,
        expert=experts[chosen].expert,
        verdict=_nothing_sure(default, rows, images, compared)
        if chosen == default
        else _better(chosen, *_gain(experts[chosen], base, compared), images=images),
        test_images=images,
        rows=(
            _measured(default, base),
            *rows,
            *(ComparedModel(model=name, error=why) for name, why in failed.items()),
        ),
        warnings=warnings,
    )


def _measured(name: str, tested: ComparedExpert) -> ComparedModel:
    right, images = int(tested.correct.sum()), len(tested.correct)
    return ComparedModel(
        model=name,
        accuracy=right / images,
        interval=wilson_interval(right, images, level=LEVEL),
        seconds=tested.seconds,
        expert=tested.expert,
    )


def _row(name: str, tested: ComparedExpert, base: ComparedExpert, compared: int) -> ComparedModel:
    gain, ends = _gain(tested, base, compared)
    error = (1 - LEVEL) / compared / 2
    better = None
    if chance_of_more(tested.correct, base.correct) <= error:
        better = True
    elif chance_of_more(base.correct, tested.correct) <= error:
        better = False
    about = {"gain": gain, "gain_interval": ends, "better": better}
    return _measured(name, tested).model_copy(update=about)


def _gain(
    tested: ComparedExpert, base: ComparedExpert, compared: int
) -> tuple[float, tuple[float, float]]:
    gain = float(tested.correct.mean() - base.correct.mean())
    level = 1 - (1 - LEVEL) / compared
    return gain, paired_score_interval(tested.correct, base.correct, level=level)


def _better(model: str, gain: float, interval: tuple[float, float], *, images: int) -> str:
    low, high = interval
    return (
        f"Take {model}: on the same {plural(images, 'test image')} it is more accurate than the "
        f"default, by {100 * gain:.1f} points ({100 * low:.1f} to {100 * high:.1f})."
    )


def _nothing_sure(default: str, rows: Sequence[ComparedModel], images: int, compared: int) -> str:
    fewest = ceil(log2(2 * compared / (1 - LEVEL)))
    text = f"Take the default, {default}: no model is surely more accurate on "
    if fewest > images:
        return f"{text}{plural(images, 'test image')}, which are too few to tell any difference."
    text += (
        f"the same {plural(images, 'test image')}, where at least {fewest} of them "
        f"({100 * fewest / images:.0f} points) must differ to be sure."
    )
    # The interval is approximate and a little narrower than the exact test at few images.
    best = rows[0] if rows else None
    if best is not None and best.gain_interval is not None and best.gain_interval[0] > 0:
        text += (
            f" {best.model} looks better, but by the exact test chance may have done it: "
            "more test images would tell."
        )
    return text
