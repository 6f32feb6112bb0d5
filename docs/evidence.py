"""The tables of the page "does it work?", from what the transfer benchmark wrote."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docs.markdown import GENERATED, table
from docs.ranker_tables import BUDGETS, FOLDS, Found, percents, plain, points, sections
from task2vec.recommendation.evidence.recipes import OWN_IMAGES

REPORT = Path(__file__).parents[1] / "research" / "results" / "transfer_report.json"
DIFFICULTY = REPORT.with_name("transfer_difficulty.json")
PROTOCOLS = REPORT.with_name("transfer_protocols.json")
COST = REPORT.with_name("transfer_cost_curve.json")
CEILING = REPORT.with_name("transfer_ceiling.json")
FOLLOW = REPORT.with_name("recipes_follow.json")
NOISE = REPORT.with_name("transfer_probe_noise.json")
PROMISES = REPORT.with_name("transfer_promises.json")
TEXT = Path(__file__).parent / "does-it-work.md.in"

#: Linear probes of the rankers whose intervals are shown.
_PROBES = ("", "1", "2", "4", "8", "16", "all")
#: Of the seconds in the table, those that the text tells.
_TOLD_SECONDS = (4, 16, 64)


def does_it_work() -> str:
    """Return the page: the text beside this file, its tables filled in."""
    text = TEXT.read_text(encoding="utf-8")
    result = json.loads(REPORT.read_text(encoding="utf-8"))["result"]
    tables = "\n\n".join(sections(result))
    text = text.replace("<!-- difficulty -->", _difficulty())
    text = text.replace("<!-- protocols -->", _protocols())
    text = text.replace("<!-- cost -->", _cost())
    text = text.replace("<!-- ceiling -->", _ceiling())
    text = text.replace("<!-- gains -->", _gains(result))
    text = text.replace("<!-- coverage -->", _coverage(result))
    text = text.replace("<!-- follow -->", _follow())
    text = text.replace("<!-- noise -->", _noise())
    return f"{GENERATED}\n\n{text.replace('<!-- tables -->', tables)}"


def _gains(result: Found) -> str:
    """Return the table of the first screen: gains of linear probes, on all targets."""
    names = {
        "task2vec, nothing measured": "task2vec",
        "task2vec, 2 probes": "task2vec, 2 probes",
        "task2vec, 8 probes": "task2vec, 8 probes",
        "the best average elsewhere": "static_average",
        "the expert of the nearest task": "nearest_only",
        "ridge error of all 40 models": "ridge_error",
    }
    columns = [(budget, left) for budget in BUDGETS for left in result[budget]]
    head = ("what is taken", *(f"{BUDGETS[b]}, {FOLDS[left]}" for b, left in columns))
    rows = (
        (
            shown,
            *(
                points(result[b][left]["both"]["rankers"][name]["gain_points"])
                for b, left in columns
            ),
        )
        for shown, name in names.items()
    )
    return table(head, rows)


def _coverage(result: Found) -> str:
    """Return what intervals held after each number of probes, on all targets."""
    columns = [(budget, left) for budget in BUDGETS for left in result[budget]]
    head = (
        "linear probes",
        *(f"{BUDGETS[b]}, {FOLDS[left]}" for b, left in columns),
    )
    rows = []
    for probes in _PROBES:
        name = f"task2vec, {probes} probes" if probes else "task2vec"
        cells = [result[b][left]["both"]["rankers"][name]["coverage"] for b, left in columns]
        told = (", ".join(percents(each[level]) for level in each) for each in cells)
        rows.append((probes or "none", *told))
    return table(head, rows)


def _follow() -> str:
    """Return how what a recipe gives follows from probes, and what intervals held."""
    found = json.loads(FOLLOW.read_text(encoding="utf-8"))
    held = found["coverage_on_the_reporting_half"]
    head = (
        *("recipe", "of a loss stays", "a third of a gain is left with", "doubt"),
        *("adds to the default's log-odds", "90 % intervals held"),
    )
    rows = (
        (
            f"`{recipe}`",
            f"{each['loss']:.2f}",
            f"{each['fades']:.0f} images",
            f"{100 * each['own']:.1f} points, {each['share_of_loss']:.2f} of a loss, "
            f"{each['share_of_gain']:.2f} of a gain",
            f"{each['lift']:.2f}, after some {each['comes']:.0f} images",
            percents(held[recipe]["0.9"]) if recipe in held else "-",
        )
        for recipe, each in found["constants"].items()
    )
    cells = found["cells"]
    return (
        f"How the gain over the default, and its accuracy, follow from linear probes was fitted to "
        f"{cells['choosing']} trained models of half of the families, and judged on the "
        f"{cells['reporting']} of the other half. Test images add their own noise. The doubt has "
        f"a part in points, here with {OWN_IMAGES} images and the default right on half of them: "
        "its square falls as the images grow, and it is smaller near 0 and 100 %. Another part is "
        f"a share of what the probe loses or gains.\n\n"
        f"{table(head, rows)}\n\n"
        f"Over all recipes 90 % intervals held {percents(held['all']['0.9'])}; with each family "
        f"left out of the fit in turn "
        f"{percents(found['coverage_with_each_family_left_out']['0.9'])}. {_promises()}"
    )


def _promises() -> str:
    """Return what the intervals of whole answers held."""
    found = json.loads(PROMISES.read_text(encoding="utf-8"))
    held = found["share_of_fine_tuned_gains_in_90_percent_intervals"]
    values = [
        each[probes][0]
        for by_left in held.values()
        for each in by_left.values()
        for probes in each
        if probes != "models"
    ]
    return (
        "An answer does not know the probe's gain exactly. After none to all probes, with "
        f"relatives in the zoo or without, the 90 % intervals of answers held {min(values):.0%} to "
        f"{max(values):.0%} of the fine-tuned gains."
    )


def _noise() -> str:
    """Return how noisy linear probes are."""
    found = json.loads(NOISE.read_text(encoding="utf-8"))
    before, after = (
        found["log_density_a_probe"][name]["reporting"]["both"]
        for name in ("as the images say", "fitted on the choosing half")
    )
    return (
        f"The gain that a linear probe measures has {found['noise']:.2f} times the variance that "
        f"its images say, and {found['common']:.0%} of it is common to all models that are probed "
        f"on the same images: the default's error and that of the draw. Both numbers are from the "
        f"choosing half; on the reporting half they raise the log density of a probe from "
        f"{before:.2f} to {after:.2f}."
    )


def _difficulty() -> str:
    """Return what foretells the default's accuracy, by both budgets."""
    found = json.loads(DIFFICULTY.read_text(encoding="utf-8"))
    errors, ranks = found["absolute_points"], found["spearman"]

    def both(of: Mapping[str, Any]) -> str:
        return " and ".join(plain(of[budget]) for budget in BUDGETS)

    ours, with_head = "classes + complexity", "classes + head_noise"
    error = {name: {b: errors[b][name]["error"] for b in BUDGETS} for name in errors["few"]}
    less = {b: errors[b][with_head]["less_than_ours"] for b in BUDGETS}
    rank = {name: {b: ranks[b][name]["given_classes"] for b in BUDGETS} for name in ranks["few"]}
    return (
        f"Left out in turn, a task's accuracy is foretold from classes and complexity to "
        f"{both(error[ours])} points on average (5 images per class, and many). With the nats in "
        f"the weights of the head that is refitted to the task's images in place of complexity: "
        f"{both(error[with_head])}, better by {both(less)}. Given the number of classes, the rank "
        f"correlation with the accuracy is {both(rank['complexity'])} of complexity, "
        f"{both(rank['head_noise'])} of the nats in the head, and {both(rank['nearest_source'])} "
        "of the nats that the task needs beyond its nearest source."
    )


def _ceiling() -> str:
    """Return how far halves of the evidence agree, and what repeats of the whole would."""
    found = json.loads(CEILING.read_text(encoding="utf-8"))["weighted_tau"]
    halves, estimated, whole = (
        " and ".join(plain(found[budget][name]) for budget in BUDGETS)
        for name in ("halves", "halves_estimated", "whole_estimated")
    )
    return (
        f"halves of the draws and test images agree by {halves}. Repeats of the whole, which "
        f"rankers are judged by, would agree by {whole}, as far as the difference of the halves "
        f"tells; by the same estimate the halves would by {estimated}. With many images there are "
        "not images enough for more."
    )


def _protocols() -> str:
    """Return what linear probes tell of full fine-tuning, budget by budget."""
    found = json.loads(PROTOCOLS.read_text(encoding="utf-8"))
    return " ".join(_protocol(found[budget], BUDGETS[budget]) for budget in found)


def _protocol(found: Found, images: str) -> str:
    tau = found["weighted_tau_of_probes_with_fine_tuning"]
    best = found["fine_tuned_gain_of_the_best_probed_points"]
    hindsight = found["of_the_best_fine_tuned_points"]
    default = found["default_fine_tuned_over_probed_points"]
    return (
        f"With {images}, {found['cells']} models on {found['targets']} targets: gains by "
        f"fine-tuning are {found['fine_tuned_gain_for_a_probed_one']:.2f} of those by linear "
        f"probes, correlation {found['correlation_of_gains']['all draws']:.2f}; the order of "
        f"models agrees with a weighted tau of {plain(tau)}, one draw against all; the model "
        f"that probes best gains {points(best)} points, fine-tuned, over the default, "
        f"fine-tuned, where the best of those tried gains {points(hindsight)} in hindsight. "
        f"{_two_largest(found)}"
        f"Fine-tuning the default gains {points(default)} points over its linear probe."
    )


def _two_largest(found: Found) -> str:
    """Return how much of the gain two targets carry, where there is one."""
    if found["fine_tuned_gain_of_the_best_probed_points"][1] <= 0:
        return ""
    without = points(found["of_that_without_the_two_largest_points"])
    return (
        f"Two targets carry {found['share_of_the_two_largest']:.0%} of that gain; without them it "
        f"is {without}. "
    )


def _cost() -> str:
    """Return regrets within a few budgets of seconds, of ours and of the others."""
    found = json.loads(COST.read_text(encoding="utf-8"))
    parts = []
    for budget, curves in found["regret_points"].items():
        told = []
        for at, seconds in enumerate(found["seconds"]):
            if seconds not in _TOLD_SECONDS:
                continue
            others = {name: curve[at][0] for name, curve in curves.items() if name != "task2vec"}
            best = min(others, key=others.__getitem__)
            told.append(
                f"{curves['task2vec'][at][0]:.1f} after {seconds} s (the best of the others, "
                f"{best.replace('_', ' ')}, {others[best]:.1f})"
            )
        parts.append(f"With {BUDGETS[budget]} the regret is {', '.join(told)}.")
    return " ".join(parts)
