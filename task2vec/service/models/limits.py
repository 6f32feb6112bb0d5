"""What a recommended starting model must keep to."""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Limits:
    """What a starting model must keep to. The default is subject to them as well.

    ``architecture`` is a shell pattern, ``licence`` one name, compared without case;
    ``max_input_size`` are pixels per side. Raises `SettingError` for fewer than one parameter or
    pixel.
    """

    max_parameters: int | None = None
    architecture: str | None = None
    licence: str | None = None
    max_input_size: int | None = None

    def __post_init__(self) -> None:
        bounds = {"parameters": self.max_parameters, "the input size": self.max_input_size}
        for what, most in bounds.items():
            if most is not None and most < 1:
                raise SettingError(
                    f"The limit on {what} lets nothing pass", expected="at least 1", got=str(most)
                )

    def __str__(self) -> str:
        """Tell the limits that there are, in words."""
        told = {
            "at most {:,} parameters": self.max_parameters,
            "at most {:,} pixels per side": self.max_input_size,
            "the architecture {}": self.architecture and shown(self.architecture),
            "the licence {}": self.licence and shown(self.licence),
        }
        return ", ".join(words.format(it) for words, it in told.items() if it is not None) or "none"

    def allow(self, model: Limited) -> bool:
        """Whether a model keeps to the limits; one whose figure is unknown does not."""
        if not within(model.parameters, self.max_parameters):
            return False
        if not within(model.input_size, self.max_input_size):
            return False
        if self.architecture is not None and not fnmatchcase(model.architecture, self.architecture):
            return False
        return self.licence is None or (model.licence or "").lower() == self.licence.lower()


def to_choose_from(limits: Limits, models: Iterable[Limited]) -> str:
    """Return a sentence with the licences and architectures that there are, to correct limits by.

    They are named where the limits are on them, and architectures only where they are few. It is
    empty, or begins with a space.
    """
    known = list(models)
    licences = {model.licence for model in known if model.licence}
    architectures = {model.architecture for model in known}
    told = []
    if limits.licence is not None and licences:
        more = ", ..." if len(licences) > _MOST_NAMED else ""
        told.append(f"licences: {_names(licences)}{more}")
    if limits.architecture is not None and len(architectures) <= _MOST_NAMED:
        told.append(f"architectures: {_names(architectures)}")
    return f" There are the {'; and the '.join(told)}." if told else ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(shown, sorted(names)[:_MOST_NAMED]))


def within(value: int | None, most: int | None) -> bool:
    """Whether a figure keeps to a limit, if there is one; an unknown figure does not."""
    return most is None or (value is not None and value <= most)
