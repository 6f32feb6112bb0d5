"""Experts: what fine-tuning gave, and what an expert says of an image."""

from task2vec.client.show.sheet import Sheet, interval, percent, points, points_between
from task2vec.data.wording import plural, shown
from task2vec.messages.comparisons import ComparedModel, Comparison
from task2vec.messages.evaluations import Evaluation
from task2vec.messages.finetuning import Tuned
from task2vec.messages.predictions import Prediction
from task2vec.types.tuning import Recipe

#: How many classes of an image are shown.
_SHARES = 5
#: Test images of which an accuracy is mostly chance.
_FEW = 20


def of_tuned(
    answer: Tuned, *, start: str = "the starting model", wish: str = "as asked for"
) -> Sheet:
    """Return a new expert in sentences, the last one its protocol.

    ``wish`` says whose a fixed recipe was.
    """
    kept = f"Kept epoch {answer.best_epoch} of {answer.epochs}, " if answer.best_epoch else ""
    if answer.best_epoch and answer.curve:
        kept += f"after {answer.curve[answer.best_epoch - 1].steps} steps, "
    return Sheet(
        f"New expert: {answer.model}",
        (),
        (),
        (
            _accuracy(answer),
            *([_by_class(answer)] if len(answer.by_class) > 1 else []),
            _choice(answer, start, wish),
            f"{kept}{plural(round(answer.seconds), 'second')}.",
            f"Protocol: {answer.protocol}.",
        ),
    )


def _accuracy(answer: Tuned) -> str:
    if answer.accuracy is None:
        return "Accuracy: not measured. No image is left to test on: too few, or copies only."
    count, few = answer.test_images, ""
    if count < _FEW:
        few = f". So few say little: each counts for {100 / count:.0f} points"
    return (
        f"Accuracy: {percent(answer.accuracy)} on {answer.test_images} images that took no part in "
        f"training (95 %: {interval(answer.interval)}){few}"
    )


def _by_class(answer: Tuned) -> str:
    worst = min(answer.by_class, key=lambda each: each.accuracy)
    best = max(answer.by_class, key=lambda each: each.accuracy)
    if worst.accuracy == best.accuracy:
        return f"By class: {percent(best.accuracy)} of each."
    return (
        f"By class: from {percent(worst.accuracy)} ('{shown(worst.label)}', "
        f"{plural(worst.images, 'image')}) to {percent(best.accuracy)} ('{shown(best.label)}', "
        f"{plural(best.images, 'image')}); {percent(answer.balanced_accuracy)} where every class "
        "counts the same."
    )


def _choice(answer: Tuned, start: str, wish: str) -> str:
    probe = not answer.best_epoch
    if answer.recipe is Recipe.LAST_STAGE:
        made = "the last stage"
    else:
        made = "a linear probe" if probe else "all layers"
    if answer.choice is not None:
        text = f"Chosen: {made}: {answer.choice.reason}."
    elif answer.recipe is not None:
        text = f"Trained: {made}, {wish}; nothing else was tried."
    else:
        text = f"Chosen: {made}."
    if probe:
        text += f" The backbone is that of {start}, and `recommend` will not offer it as another."
    return text


def of_evaluation(answer: Evaluation) -> Sheet:
    """Return the accuracy by class, the least accurate class first, with that of all below."""
    rows = [
        (
            each.label,
            each.images,
            percent(each.accuracy),
            interval(each.interval),
            percent(each.precision),
            "-" if each.taken_for is None else f"{each.taken_for.name} ({each.taken_for.images:,})",
        )
        for each in answer.by_class
    ]
    return Sheet(
        f"{answer.model} on {answer.source}",
        ("class", "images", "recognised", "95 %", "precision", "most often taken for"),
        rows,
        (
            f"Accuracy: {percent(answer.accuracy)} of {plural(answer.images, 'image')} (95 %: "
            f"{interval(answer.interval)}); {percent(answer.balanced_accuracy)} where every class "
            "counts the same.",
            f"Always answering the most frequent class: {percent(answer.baseline)}.",
        ),
        whole=("class",),
        spare=("95 %", "precision"),
    )


def of_comparison(answer: Comparison) -> Sheet:
    """Return the compared models, the default first, with the verdict below."""
    rows = [
        (
            row.model,
            percent(row.accuracy),
            interval(row.interval),
            points(row.gain),
            "-" if row.gain_interval is None else points_between(row.gain_interval),
            _sure(row),
            None if row.seconds is None else round(row.seconds),
            row.expert,
        )
        for row in answer.rows
    ]
    return Sheet(
        f"Starting models fine-tuned on {answer.task}",
        ("model", "accuracy", "90 %", "gain", "90 % of all gains", "sure", "seconds", "expert"),
        rows,
        (
            *(f"{row.model}: {row.error}" for row in answer.rows if row.error is not None),
            answer.verdict,
        ),
        whole=("model", "expert"),
        spare=("90 %", "seconds", "expert"),
    )


def _sure(row: ComparedModel) -> str:
    if row.gain is None:
        return "the default" if row.error is None else "failed"
    return {True: "better", False: "worse", None: "no"}[row.better]


def of_prediction(answer: Prediction) -> Sheet:
    """Return the probabilities of an image, the likeliest class first."""
    shares = sorted((answer.probabilities or {}).items(), key=lambda pair: -pair[1])
    rows = [(label, percent(share)) for label, share in shares[:_SHARES]]
    more = len(shares) - _SHARES
    notes = (*((answer.error,) if answer.error else ()), *((f"{more} more.",) if more > 0 else ()))
    return Sheet(answer.path, ("class", "probability"), rows, notes)
