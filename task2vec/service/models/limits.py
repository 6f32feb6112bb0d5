"""The limits that a question sets on starting models."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from task2vec.data.wording import shown
from task2vec.errors import SettingError
from task2vec.messages.models import Model
from task2vec.messages.published import PublishedQuestion
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.recommendation.published.models import PublishedModel

#: So many names of licences or architectures a message holds.
_MOST_NAMED = 8


#: A model of the zoo or a published one; what limits look at is None where it is unknown. Its
#: parameters are those published, with ImageNet's classifier, whatever head a file has.
Limited = Model | PublishedModel
#: What states limits on models, None for no limit; the default is subject to them as well.
Limits = RecommendationQuestion | PublishedQuestion


def allowed(model: Limited, limits: Limits) -> bool:
    """Whether a model keeps to the limits; one whose figure is unknown does not."""
    if not within(model.parameters, limits.max_parameters):
        return False
    if not within(model.input_size, limits.max_input_size):
        return False
    if limits.architecture is not None and not fnmatchcase(model.architecture, limits.architecture):
        return False
    return limits.licence is None or (model.licence or "").lower() == limits.licence.lower()


def check_limits(limits: Limits, models: Iterable[Limited]) -> None:
    """Raise `SettingError` where none of the models keeps to the limits."""
    every = list(models)
    if any(allowed(model, limits) for model in every):
        return
    stated = {
        "at most {:,} parameters": limits.max_parameters,
        "at most {:,} pixels per side": limits.max_input_size,
        "the architecture {}": limits.architecture and shown(limits.architecture),
        "the licence {}": limits.licence and shown(limits.licence),
    }
    words = [text.format(limit) for text, limit in stated.items() if limit is not None]
    raise SettingError(
        "No starting model passes the limits",
        expected="at least one of the models that `task2vec models list` shows",
        got=f"none with {', '.join(words) or 'none'}",
        remedy="Loosen the limits on parameters, input size, architecture or licence."
        + _to_choose_from(limits, every),
    )


def _to_choose_from(limits: Limits, models: Sequence[Limited]) -> str:
    """Return a sentence with the licences and architectures that there are, to correct limits by.

    They are named where the limits are on them, and architectures only where they are few. It is
    empty, or begins with a space.
    """
    licences = {model.licence for model in models if model.licence}
    architectures = {model.architecture for model in models}
    lists = []
    if limits.licence is not None and licences:
        more = ", ..." if len(licences) > _MOST_NAMED else ""
        lists.append(f"licences: {_names(licences)}{more}")
    if limits.architecture is not None and len(architectures) <= _MOST_NAMED:
        lists.append(f"architectures: {_names(architectures)}")
    return f" There are the {'; and the '.join(lists)}." if lists else ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(shown, sorted(names)[:_MOST_NAMED]))


def within(value: int | None, most: int | None) -> bool:
    """Whether a figure keeps to a limit, if there is one; an unknown figure does not."""
    return most is None or (value is not None and value <= most)
