"""The limits that a question sets on starting models."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from task2vec.data.wording import shown
from task2vec.errors import SettingError

#: So many names of licences or architectures a message holds.
_MOST_NAMED = 8


class Limited(Protocol):
    """A model, of the zoo or published, with what limits look at; None is unknown."""

    @property
    def parameters(self) -> int | None:
        """Their number, as published: with ImageNet's classifier, whatever head a file has."""
        ...

    @property
    def input_size(self) -> int | None:
        """Pixels a side."""
        ...

    @property
    def architecture(self) -> str:
        """Its name."""
        ...

    @property
    def licence(self) -> str | None:
        """Its name."""
        ...


class Limits(Protocol):
    """What a starting model must keep to, as a question states it; None is no limit.

    The default is subject to them as well.
    """

    @property
    def max_parameters(self) -> int | None:
        """The most that there may be."""
        ...

    @property
    def max_input_size(self) -> int | None:
        """Pixels a side."""
        ...

    @property
    def architecture(self) -> str | None:
        """A shell pattern."""
        ...

    @property
    def licence(self) -> str | None:
        """One name, compared without case."""
        ...


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
