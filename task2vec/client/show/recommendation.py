"""Recommendations: the candidates, the evidence in a line, and what explains them."""

from collections.abc import Sequence

from task2vec.client.show.sheet import Sheet, interval, percent, points, points_between
from task2vec.data.durations import in_words
from task2vec.data.wording import plural
from task2vec.messages.explanations import ClassesJudged, ComparedLayers, KnownBy
from task2vec.messages.recommendations import Evidence, RecipePlan, Recommendation, Recommended
from task2vec.types.tuning import TRAINED, Recipe

#: What is said of the strongest piece of evidence, the strongest first.
_KNOWN_BY = {
    "fine_tuning": "fine-tuned",
    "linear_probe": "probed",
    "outcome": "outcomes",
    "source_task": "its task",
    "published": "published",
}
#: What they mean.
_MEANINGS = {
    "fine_tuning": "the gain of a short fine-tuning on your images",
    "linear_probe": "the gain measured by a linear probe (a classifier on unchanged features) on "
    "your images",
    "outcome": "accuracies on other tasks",
    "source_task": "how near the task is that it was fine-tuned on",
    "published": "accuracy on ImageNet",
}
#: Those that were measured on the task's images. The gain to expect also counts all else.
_MEASURED = ("fine_tuning", "linear_probe")
_PROBED = "with a linear probe (points)"
_TIME = " Time: what fine-tuning takes at most."
#: A tenth of a point, which a table shows.
_VISIBLE = 0.001
_NOT_A_SUM = "Go by the gains: accuracies end at 0 and 100 %, so they are no plain sums."


def of_recommended(answer: Recommended, *, most: int | None = None, full: bool = False) -> Sheet:
    """Return the candidates, or the ``most`` first; ``full`` adds their gain by linear probes."""
    level = f"{100 * answer.level:.0f} %"
    timed = any(each.plan(answer.recipe).seconds is not None for each in answer.recommendations)
    return Sheet(
        f"{answer.task}. {verdict(answer)}",
        [
            *("starting model", "accuracy", "gain (points)", f"{level} interval"),
            *([_PROBED] if full else []),
            *(["time"] if timed else []),
            "known by",
        ],
        [
            _row(each, answer.recipe, full=full, timed=timed)
            for each in answer.recommendations[:most]
        ],
        (
            f"Expected {TRAINED[answer.recipe]}. Gains: over the default, trained in "
            f"the same way. Intervals: {level}.{_TIME if timed else ''}",
            *([] if _adds_up(answer.recommendations[:most], answer.recipe) else [_NOT_A_SUM]),
            *_known_by_line(answer.recommendations[:most]),
            _evidence_line(answer),
        ),
        whole=["starting model"],
        spare=[_PROBED] if full else [],
    )


def _adds_up(shown: Sequence[Recommendation], recipe: Recipe) -> bool:
    """Return whether every accuracy is the default's plus the gain, as far as one can see."""
    plans = [each.plan(recipe) for each in shown]
    default = next((plan.accuracy for plan in plans if _of_default(plan)), None)
    return default is None or all(
        plan.accuracy is None or abs(plan.accuracy - plan.gain - default) < _VISIBLE
        for plan in plans
    )


def _of_default(plan: RecipePlan) -> bool:
    # Nothing is to be known of the gain of the default over itself.
    return plan.gain_interval[0] == plan.gain_interval[1]


def _row(each: Recommendation, recipe: Recipe, *, full: bool, timed: bool) -> tuple[str, ...]:
    plan, probed = each.plan(recipe), each.plan(Recipe.LINEAR_PROBE)
    accuracy = percent(plan.accuracy)
    time = ["-" if plan.seconds is None else in_words(plan.seconds)] if timed else []
    if _of_default(plan):
        return (each.model, accuracy, "0.0", "-", *(["-"] if full else []), *time, "the default")
    return (
        each.model,
        accuracy,
        points(plan.gain),
        points_between(plan.gain_interval),
        *([f"{points(probed.gain)} ({points_between(probed.gain_interval)})"] if full else []),
        *time,
        _known_by(each),
    )


def verdict(answer: Recommended) -> str:
    """Return what to take."""
    taken = "Take the default" if answer.abstained else "Recommended"
    return f"{taken}: {answer.chosen}"


def reasons(answer: Recommended) -> list[str]:
    """Return why that is to be taken, and what training it is expected to give if known."""
    sentence = f"{answer.reason[:1].upper()}{answer.reason[1:]}."
    return [sentence, *filter(None, (answer.time_reason, _promise(answer)))]


def _promise(answer: Recommended) -> str | None:
    chosen = _chosen(answer)
    if chosen is None:
        return None
    plan = chosen.plan(answer.recipe)
    if plan.accuracy is None:
        return None
    ends = plan.accuracy_interval
    within = "" if ends is None else f" ({100 * ends[0]:.1f} to {100 * ends[1]:.1f} %)"
    by = _accuracy_source(answer, chosen)
    return f"Expected accuracy {TRAINED[answer.recipe]}: {percent(plan.accuracy)}{within}{by}."


def _accuracy_source(answer: Recommended, chosen: Recommendation) -> str:
    """Return what the expected accuracy rests on."""
    match chosen.accuracy_known_by:
        case KnownBy.OUTCOMES:
            probe = ", not its linear probe" if answer.probed else ""
            return f", by the default's recorded outcomes on this task{probe}"
        case KnownBy.OTHER_TASKS:
            return ", by the default's outcomes on other tasks"
    images = chosen.accuracy_images
    return "" if images is None else f", estimated by a linear probe on {plural(images, 'image')}"


def _evidence_line(answer: Recommended) -> str:
    """Return the strongest evidence for the answer, in a line."""
    chosen = _chosen(answer)
    if answer.abstained or chosen is None:
        compared = plural(len(answer.recommendations), "model")
        probes = f", {answer.probed} of them by linear probes on your images"
        return f"Evidence: {compared} compared{probes if answer.probed else ''}."
    piece = _strongest(chosen.evidence)
    on = "your images" if piece is None or not piece.images else f"{piece.images} of your images"
    match None if piece is None else str(piece.kind):
        case "fine_tuning":
            reason = f"a short fine-tuning, tested on {on}"
        case "linear_probe":
            reason = f"a linear probe, cross-validated on {on}"
        case "outcome" if piece is not None:
            reason = f"recorded outcomes, such as those on {piece.task or 'this task'}"
        case "source_task" if piece is not None:
            reason = piece.text
        case "published":
            reason = "its published accuracy only"
        case _:
            reason = "none"
    return f"Evidence: {reason}."


def _chosen(answer: Recommended) -> Recommendation | None:
    return next((each for each in answer.recommendations if each.model == answer.chosen), None)


def _strongest(evidence: Sequence[Evidence]) -> Evidence | None:
    order = list(_KNOWN_BY)
    counted = [piece for piece in evidence if piece.kind in order]
    return min(counted, key=lambda piece: order.index(piece.kind), default=None)


def _known_by(candidate: Recommendation) -> str:
    piece = _strongest(candidate.evidence)
    if piece is None:
        return "-"
    word = _KNOWN_BY[piece.kind]
    return word if piece.kind not in _MEASURED else f"{word} {points(piece.gain)}"


def _known_by_line(shown: Sequence[Recommendation]) -> list[str]:
    """Return what the words of the last column mean, as far as they occur."""
    pieces = [_strongest(candidate.evidence) for candidate in shown]
    kinds = {piece.kind for piece in pieces if piece is not None}
    meanings = [f"{_KNOWN_BY[kind]}, {what}" for kind, what in _MEANINGS.items() if kind in kinds]
    return [f"Known by: {'; '.join(meanings)}."] if meanings else []


def of_steps(answer: Recommended) -> Sheet:
    """Return the steps of a budget with their results and seconds."""
    return Sheet(
        "Steps",
        ["step", "model", "gain (points)", "seconds", "best so far", "expected (points)"],
        [
            (
                step.kind.replace("_", " "),
                step.model or "-",
                points(step.gain),
                f"{step.seconds:.0f}" if step.seconds >= 10 else f"{step.seconds:.1f}",
                step.leader,
                points(step.expected),
            )
            for step in answer.steps
        ],
        spare=["expected (points)", "best so far"],
    )


def of_layers(compared: Sequence[ComparedLayers]) -> Sheet:
    """Return the distances to some tasks, layer by layer."""
    first = compared[0].by_layer.groups
    columns, rows = ["layers", "filters"], [[group.name, group.elements] for group in first]
    for one in compared:
        columns += [f"distance to {one.task}", "share"]
        for row, group in zip(rows, one.by_layer.groups, strict=True):
            error = "" if group.standard_error is None else f" ± {group.standard_error:.3f}"
            row += [f"{max(0.0, group.distance):.3f}{error}", percent(group.share)]
    return Sheet("Layers", columns, rows)


def of_classes(judged: ClassesJudged, *, most: int) -> Sheet:
    """Return how well the ``most`` hardest classes are recognised."""
    shown = judged.classes[:most]
    rest = f"{len(shown)} of {len(judged.classes)} classes; `--json` lists all."
    return Sheet(
        "Classes",
        ["class", "images", "recognised", "joint 95 % interval", "hard", "most often taken for"],
        [
            (
                each.name,
                each.images,
                percent(each.accuracy),
                interval(each.interval),
                each.hard,
                each.taken_for and f"{each.taken_for.name} ({each.taken_for.images})",
            )
            for each in shown
        ],
        (rest,) if len(shown) < len(judged.classes) else (),
    )
