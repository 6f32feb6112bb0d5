"""Which share of expected gains came: ``python -m research.final_evaluation.borne_out``.

The gain model expects a gain of linear probes, after some of them, and `Follows` leads from it to
that of a recipe. Both were fitted to cells at random. This asks about the models that seem to gain,
as an answer does: of trained models of tasks that the gain model does not know, those that are
expected to gain half a point or more, and what came. The share is chosen on development tasks;
what was promised on the fresh ones (``research/results/final_evaluation``) is compared with it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from research import RESULTS
from research.final_evaluation.plan import Rule, shots_text
from research.final_evaluation.promises import Kept, of_gains
from research.final_evaluation.results import read_results
from research.final_evaluation.tables import FRESH
from research.recipes.asking import MOST_IMAGES, all_who_ask
from research.recipes.followed import TRAINED, read_followed
from research.recipes.promises import led_to_expect
from research.transfer.report import LeftOut
from task2vec.recommendation.backtest.bootstrap import over_tasks, ratio_of_sums
from task2vec.recommendation.evidence.recipes import BORNE_OUT, RecipeGain
from task2vec.recommendation.prediction.intervals import NORMAL_REACH
from task2vec.recommendation.rankers import LEAST_GAIN
from task2vec.types.tuning import Recipe

OUT = RESULTS / "recipes_borne_out.json"
SETTINGS = (LeftOut.TASK, LeftOut.FAMILY, LeftOut.SUPERFAMILY)
PROBES = (2, 8, 16)
SHARES = (1.0, 0.5, 0.4, 0.3, 0.2, 0.1)


@dataclass(frozen=True)
class Expected:
    """A trained model that was expected to gain after some probes, and its gain, as a fraction.

    ``noise`` is the variance that the test of its gain has.
    """

    family: str
    probes: int
    led: RecipeGain
    got: float
    noise: float


def main() -> None:
    """Judge, write and print."""
    found = {str(left): [*expected(left)] for left in SETTINGS}
    every = [each for rows in found.values() for each in rows]
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "development": {
            **{name: judged(rows) for name, rows in found.items()},
            "all": judged(every),
        },
        "shares_on_development": {f"{share:g}": held(every, share) for share in SHARES},
        "fresh, at the share of today": fresh(),
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def expected(left: LeftOut) -> Iterator[Expected]:
    """Yield the trained models that seem to gain, by target, recipe, images and probes."""
    followed, _ = read_followed()
    rows: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(followed.images < MOST_IMAGES).tolist():
        rows[followed.targets[row]].append(row)
    for asking in all_who_ask(left, probes=max(PROBES)):
        for row in rows[asking.target]:
            place = asking.places.get(followed.models[row])
            if place is None:
                continue
            for probes in PROBES:
                led = led_to_expect(
                    asking.after(probes),
                    place,
                    TRAINED[int(followed.recipes[row])],
                    images=round(float(followed.images[row])),
                    base=asking.base,
                )
                if led.mean >= LEAST_GAIN:
                    tuned, noise = float(followed.tuned[row]), float(followed.noise[row])
                    yield Expected(asking.family, probes, led, tuned, noise)


def judged(rows: Sequence[Expected]) -> dict[str, Any]:
    """Return the share that came, over families, and the means in points."""
    led = np.array([each.led.mean for each in rows])
    got = np.array([each.got for each in rows])
    share = over_tasks(got, led, families=[each.family for each in rows], statistic=ratio_of_sums)
    return {
        "expected": len(rows),
        "families": len({each.family for each in rows}),
        "points_expected": round(100 * float(led.mean()), 2),
        "points_got": round(100 * float(got.mean()), 2),
        "share": [round(value, 2) for value in (share.value, share.low, share.high)],
    }


def held(rows: Sequence[Expected], share: float) -> dict[str, float]:
    """Return what a share would do: points promised beyond what came, their error, intervals."""
    off = np.array([share * each.led.mean - each.got for each in rows])
    sd = np.array([np.hypot(each.led.sd, np.sqrt(each.noise)) for each in rows])
    return {
        "promised_beyond": round(100 * float(off.mean()), 2),
        "root_mean_square": round(100 * float(np.sqrt(np.square(off).mean())), 2),
        "held": round(float(np.mean(np.abs(off) <= NORMAL_REACH * sd)), 2),
    }


def fresh() -> dict[str, Any]:
    """Return what the promises of the fresh tasks would have been, of what was taken for them.

    They were made before there was a share, and more was left for them than would be now.
    """
    results = read_results(FRESH)
    found: dict[str, Any] = {}
    for shots in results.shots:
        keys = set(results.of(shots))
        for rule in (Rule.EIGHT_PROBES, Rule.TIMED):
            rows = [
                row
                for row in results.promised
                if row.key in keys and row.rule == rule.value and row.taken and row.gain > 0
                if Recipe(row.recipe) is not Recipe.LINEAR_PROBE
            ]
            kept = of_gains(results, rows)
            if kept:
                found[f"{shots_text(shots)}, {rule.value}"] = {
                    "promises": len(kept),
                    "then": _kept(kept, 1.0),
                    "now": _kept(kept, BORNE_OUT),
                }
    return found


def _kept(kept: Sequence[Kept], share: float) -> dict[str, float]:
    off = np.array([share * each.promised - each.got for each in kept])
    half = [np.hypot((each.high - each.low) / 2, NORMAL_REACH * each.noise) for each in kept]
    return {
        "promised_beyond": round(100 * float(off.mean()), 2),
        "held": round(float(np.mean(np.abs(off) <= np.array(half))), 2),
    }


if __name__ == "__main__":
    main()
