"""Which recipes and models fit into the time that a person has, and what is said of the others."""

from collections.abc import Sequence

from task2vec.data.durations import in_words
from task2vec.messages.models import Model
from task2vec.recommendation.answer.question import Question, TimeLimit
from task2vec.types.tuning import TRAINED, Recipe

#: Where nothing fits, another model is named in place of the default if it takes less than this
#: share of its time: two runs of one network differ by as much.
_CLEARLY_LESS = 0.8
#: What takes the time of a recipe, with its verb.
_TAKES = {
    Recipe.LINEAR_PROBE: "a linear probe takes",
    Recipe.LAST_STAGE: "the last stage takes",
    Recipe.ALL_LAYERS: "all layers take",
}


def training_seconds(question: Question, model: str, recipe: Recipe) -> float | None:
    """Return how long training a model by a recipe takes, by its id; None where not known."""
    return question.seconds.get(model, {}).get(recipe)


def fits(question: Question, model: str, recipe: Recipe) -> bool:
    """Whether that is done in the time that is left; what is not known fits."""
    seconds = training_seconds(question, model, recipe)
    return question.limit is None or seconds is None or seconds <= question.limit.left


def recipes_in_time(question: Question) -> Sequence[Recipe]:
    """Return the recipes to choose from: those that the default, or else any model, has time for.

    Where none fits it is the one that takes least.
    """
    offered = [model.id for model in question.offered()]
    if question.limit is None or not offered:
        return question.recipes
    plain = [id_ for id_ in offered if id_ == question.default]
    for models in (plain, offered):
        fit = [r for r in question.recipes if any(fits(question, id_, r) for id_ in models)]
        if fit:
            return fit
    _, recipe = _cheapest(question)
    return (recipe,)


def too_slow(question: Question, recipe: Recipe) -> frozenset[int]:
    """Return the places of the offered models that do not fit by a recipe.

    Where none does, the one that takes least is left.
    """
    offered = question.offered()
    slow = {i for i, model in enumerate(offered) if not fits(question, model.id, recipe)}
    if offered and len(slow) == len(offered):
        model, _ = _cheapest(question)
        slow -= {i for i, each in enumerate(offered) if each.id == model.id}
    return frozenset(slow)


def _cheapest(question: Question) -> tuple[Model, Recipe]:
    """Return the model and the recipe that take least: the default's, unless others clearly do."""
    pairs = [(model, recipe) for model in question.offered() for recipe in question.recipes]

    def cost(pair: tuple[Model, Recipe]) -> tuple[float, bool]:
        model, recipe = pair
        seconds = training_seconds(question, model.id, recipe)
        other = model.id != question.default
        share = 1.0 if other else _CLEARLY_LESS
        return (float("inf") if seconds is None else share * seconds, other)

    return min(pairs, key=cost)


def time_sentence(
    question: Question, chosen: Model, recipe: Recipe, *, slow_best: Model | None = None
) -> str | None:
    """Return what does not fit into the time, in words; None where all does, or none is set.

    ``chosen`` and ``recipe`` are the answer; ``slow_best`` is the model that would have been chosen
    if it did not take too long.

    >>> limit = TimeLimit(600.0, 580.0)
    >>> _than(840.0, limit)
    'more than the 10 min you have'
    >>> _than(590.0, limit)
    'more than the 9 min 40 s that measuring leaves of your 10 min'
    >>> _than(610.0, limit)
    'a little more than the 10 min you have'
    """
    limit = question.limit
    if limit is None:
        return None
    taken = training_seconds(question, chosen.id, recipe)
    if taken is None:
        return "How long training takes is not known here, so the time was not used."
    if taken > limit.left:
        words = f"{chosen.name} {TRAINED[recipe]}"
        return f"Nothing fits: {words} takes least, about {in_words(taken)}, {_than(taken, limit)}."
    slow, sentences = [], []
    for other in question.recipes:
        seconds = training_seconds(question, question.default, other)
        seconds = training_seconds(question, chosen.id, other) if seconds is None else seconds
        if seconds is not None and seconds > limit.left:
            slow.append((seconds, f"{_TAKES[other]} about {in_words(seconds)}"))
    if slow:
        text = " and ".join(words for _, words in slow)
        sentences.append(f"{text[:1].upper()}{text[1:]}, {_than(min(slow)[0], limit)}.")
    if slow_best is not None:
        seconds = training_seconds(question, slow_best.id, recipe) or 0.0
        how = f"{TRAINED[recipe][:1].upper()}{TRAINED[recipe][1:]}"
        takes = f"{how}, {slow_best.name} takes about {in_words(seconds)}"
        sentences.append(f"{takes}, {_than(seconds, limit)}.")
    return " ".join(sentences) or None


def _than(seconds: float, limit: TimeLimit) -> str:
    if seconds > limit.whole:
        return f"{_more(seconds, limit.whole)} than the {in_words(limit.whole)} you have"
    left = max(limit.left, 0.0)
    if not left:
        return f"and measuring used up your {in_words(limit.whole)}"
    what = f"the {in_words(left)} that measuring leaves of your {in_words(limit.whole)}"
    return f"{_more(seconds, left)} than {what}"


def _more(seconds: float, least: float) -> str:
    return "a little more" if in_words(seconds) == in_words(least) else "more"
