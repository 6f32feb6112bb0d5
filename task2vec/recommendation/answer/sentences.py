"""An explanation in sentences: each is made of numbers of the explanation, and names them."""

from collections.abc import Sequence
from typing import Any

from task2vec.data.wording import plural, shown
from task2vec.messages.explanations import (
    About,
    ClassesJudged,
    Explanation,
    MoveKind,
    ScoreMoves,
    Sentence,
)

#: Hard classes that get a sentence each.
_MOST_CLASSES = 5
#: A move that is worth a word, in fractions of accuracy.
_LEAST = 0.0005


def sentences(explanation: Explanation) -> tuple[Sentence, ...]:
    """Return the sentences, in the order in which they are read."""
    document = explanation.model_dump()
    lines = [
        *(_score(document, i, each) for i, each in enumerate(explanation.outcomes)),
        *(_layers(document, i) for i in range(len(explanation.layers))),
    ]
    if explanation.classes is not None:
        lines += _classes(document, explanation.classes)
    return tuple(lines)


class _Draft:
    """Puts numbers of the explanation into words, and remembers which."""

    def __init__(self, document: Any, about: About, *start: str | int) -> None:
        self._document, self._about, self._start = document, about, start
        self._values: dict[str, float] = {}

    def value(self, *path: str | int) -> Any:
        """Return what is at a place, below the start, without remembering it."""
        value = self._document
        for part in (*self._start, *path):
            value = value[part]
        return value

    def number(self, *path: str | int) -> Any:
        """Return a number, and remember it."""
        number = self.value(*path)
        self._values["".join(f"/{part}" for part in (*self._start, *path))] = number
        return number

    def points(self, *path: str | int) -> str:
        return f"{100 * self.number(*path):+z.1f}"

    def percent(self, *path: str | int) -> str:
        return f"{100 * self.number(*path):.0f} %"

    def distance(self, *path: str | int) -> str:
        # One that noise made negative is 0, as wherever distances are told to people.
        return f"{max(0.0, self.number(*path)):.3f}"

    def name(self, *path: str | int) -> str:
        return shown(self.value(*path))

    def said(self, text: str) -> Sentence:
        return Sentence(about=self._about, text=text, values=dict(self._values))


def _score(document: Any, place: int, score: ScoreMoves) -> Sentence:
    draft = _Draft(document, About.OUTCOMES, "outcomes", place)
    name = draft.name("model")
    if score.model == document["default"]["model"]:
        return draft.said(f"{name}: {draft.points('score')} points, because it is the default.")
    parts = _prior_words(draft, score)
    if score.by_outcomes:
        among = plural(draft.number("outcomes"), "recorded outcome")
        text = f"{draft.points('by_outcomes')} from {among}"
        if not score.neighbours:
            text += " on this task"
        elif abs(score.neighbours[0].moved) >= _LEAST:
            first = ("neighbours", 0)
            most = "most " if len(score.neighbours) > 1 else ""
            text += f", {most}on {draft.name(*first, 'task')} ({draft.points(*first, 'moved')})"
        parts.append(text)
    if score.by_measuring:
        parts.append(f"{draft.points('by_measuring')} from measurements on your images")
    if not parts:
        return draft.said(f"{name}: {draft.points('score')} points. Nothing is known about it.")
    return draft.said(f"{name}: {draft.points('score')} points = {'; '.join(parts)}.")


def _prior_words(draft: _Draft, score: ScoreMoves) -> list[str]:
    words = []
    for i, move in enumerate(score.moves):
        at = ("moves", i)
        if move.kind == MoveKind.PUBLISHED:
            words.append(f"{draft.points(*at, 'moved')} from its published accuracy")
        elif move.kind == MoveKind.EXPERT:
            words.append(f"{draft.points(*at, 'moved')} as an expert of another task")
        elif move.kind == MoveKind.SOURCE_TASK:
            words.append(
                f"{draft.points(*at, 'moved')} from the nearness of its task, "
                f"{draft.name(*at, 'task')}"
            )
    return words


def _layers(document: Any, place: int) -> Sentence:
    draft = _Draft(document, About.LAYERS, "layers", place)
    whole = draft.value("by_layer")
    groups: Sequence[Any] = whole["groups"]
    names = [group["name"] for group in groups]
    near, far = names.index(whole["nearest"]), names.index(whole["farthest"])
    most = max(range(len(groups)), key=lambda i: groups[i]["share"])

    def own(i: int) -> str:
        at = ("by_layer", "groups", i)
        return (
            f"{draft.name(*at, 'name')} ({draft.distance(*at, 'distance')} ± "
            f"{draft.distance(*at, 'standard_error')})"
        )

    text = (
        f"{draft.name('task')} is at distance {draft.distance('by_layer', 'distance')} ± "
        f"{draft.distance('by_layer', 'standard_error')}. "
    )
    if whole["beyond_noise"]:
        text += f"The two tasks agree most in {own(near)} and differ most in {own(far)}"
    else:
        text += (
            f"No layers stand out: the smallest distance, {own(near)}, and the largest, "
            f"{own(far)}, are equal within the noise"
        )
    at = ("by_layer", "groups", most)
    if groups[most]["share"]:
        text += (
            f"; {draft.name(*at, 'name')} accounts for {draft.percent(*at, 'share')} of the "
            f"distance with {draft.percent(*at, 'elements_share')} of the elements"
        )
    return draft.said(text + ".")


def _classes(document: Any, classes: ClassesJudged) -> list[Sentence]:
    hard = [each for each in classes.classes if each.hard]
    draft = _Draft(document, About.CLASSES, "classes")
    start = (
        f"Each image classified by all others: {draft.percent('accuracy')} right, averaged over "
        "the classes"
    )
    if hard:
        count = plural(draft.number("hard_classes"), "class")
        more = ". The hardest" if len(hard) > _MOST_CLASSES else ""
        verb = "is" if len(hard) == 1 else "are"
        lines = [draft.said(f"{start}. {count} {verb} clearly harder than the others{more}:")]
        return lines + [_class(document, i) for i in range(len(hard[:_MOST_CLASSES]))]
    return [
        draft.said(f"{start}. No class is clearly harder than the others. The lowest:"),
        _class(document, 0),
    ]


def _class(document: Any, place: int) -> Sentence:
    draft = _Draft(document, About.CLASSES, "classes", "classes", place)
    text = (
        f"{draft.name('name')}: {draft.number('correct'):,} of "
        f"{plural(draft.number('images'), 'image')} ({draft.percent('interval', 0)} to "
        f"{draft.percent('interval', 1)}; the other classes {draft.percent('others')})"
    )
    if draft.value("taken_for"):
        text += (
            f", most often taken for {draft.name('taken_for', 'name')} "
            f"({draft.number('taken_for', 'images'):,})"
        )
    return draft.said(text + ".")
