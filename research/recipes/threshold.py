"""When to leave the default, by a recipe: ``python -m research.recipes.threshold``.

An answer takes the model that linear probes put first, if its gain by the recipe is above some
standard deviations of it. This asks what came of that, and what was promised, for several such
thresholds. The models are those that were trained, a few random ones of each target, so that gains
are smaller than those of a whole zoo.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from research import RESULTS
from research.recipes.asking import MOST_IMAGES, all_who_ask
from research.recipes.followed import TRAINED, Followed, read_followed
from research.recipes.promises import foretold
from research.transfer.report import LeftOut
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.evidence.recipes import RecipeGain
from task2vec.recommendation.rankers import LEAST_GAIN, TRUST, surely_best

OUT = RESULTS / "recipes_threshold.json"
DEVIATIONS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8)
_PROBES = (0, 2, 8, 16)


@dataclass(frozen=True)
class Asked:
    """Somebody after some probes: what the first model is expected to gain, and what it got.

    ``expected`` is None where no model surely gains by a linear probe.
    """

    family: str
    probes: int
    expected: RecipeGain | None = None
    got: float = 0.0

    def leaves(self, deviations: float) -> bool:
        """Whether the default is left, with a threshold in standard deviations."""
        found = self.expected
        return found is not None and found.mean >= max(LEAST_GAIN, deviations * found.sd)


def main() -> None:
    """Judge, write and print."""
    followed, _ = read_followed()
    rows: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for row in np.flatnonzero(followed.images < MOST_IMAGES).tolist():
        images = round(float(followed.images[row]))
        rows[followed.targets[row], int(followed.recipes[row]), images].append(row)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "draws_and_recipes": len(rows),
        "targets": len({target for target, _, _ in rows}),
        "points": {
            str(left): judged([*asked(left, followed, rows)])
            for left in (LeftOut.TASK, LeftOut.FAMILY, LeftOut.SUPERFAMILY)
        },
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def asked(
    left: LeftOut, followed: Followed, rows: Mapping[tuple[str, int, int], list[int]]
) -> Iterator[Asked]:
    """Yield who asks about each group of trained ``rows``: of one target, recipe and images."""
    for asking in all_who_ask(left, probes=max(_PROBES)):
        family, places = asking.family, asking.places
        for (name, recipe, images), every in rows.items():
            tried = [row for row in every if followed.models[row] in places]
            if name != asking.target or not tried:
                continue
            offered = [places[followed.models[row]] for row in tried]
            for probes in _PROBES:
                ranking = asking.after(probes)
                assert ranking.sd is not None, "expected gains have one"
                best = surely_best(ranking.scores[offered], ranking.sd[offered], trust=TRUST)
                if best is None:
                    yield Asked(family, probes)
                    continue
                expected = foretold(
                    ranking, offered[best], TRAINED[recipe], images=images, base=asking.base
                )
                yield Asked(family, probes, expected, float(followed.tuned[tried[best]]))


def judged(every: list[Asked]) -> dict[str, Any]:
    """Return by probes and threshold what was got over families, and promised beyond it."""
    found: dict[str, Any] = {}
    for probes in _PROBES:
        some = [each for each in every if each.probes == probes]
        families = [each.family for each in some]
        found[str(probes)] = {}
        for deviations in DEVIATIONS:
            left = [each for each in some if each.leaves(deviations)]
            got = [100 * each.got * each.leaves(deviations) for each in some]
            over = [100 * (each.expected.mean - each.got) for each in left if each.expected]
            gain = over_tasks(np.array(got), families=families)
            found[str(probes)][f"{deviations:g}"] = {
                "got": [round(value, 2) for value in (gain.value, gain.low, gain.high)],
                "left": round(len(left) / len(some), 2),
                "promised_beyond": round(float(np.mean(over)), 1) if over else None,
            }
    return found


if __name__ == "__main__":
    main()
