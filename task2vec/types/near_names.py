"""Names that are close to one that nothing has."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_MOST = 3


def near_names(asked: str, names: Iterable[str]) -> list[str]:
    """Return up to three of the names: those that begin with ``asked``, hold it, or look like it.

    >>> near_names("greek", ["Greek_capitals", "emoji_food", "gree"])
    ['Greek_capitals', 'gree']
    """
    lower = asked.casefold()
    folded = {name: name.casefold() for name in names}
    found = [name for name, low in folded.items() if lower and low.startswith(lower)]
    found += [name for name, low in folded.items() if len(lower) >= _MOST and lower in low]
    alike = get_close_matches(lower, list(folded.values()), n=_MOST)
    found += [name for each in alike for name, low in folded.items() if low == each]
    return list(dict.fromkeys(found))[:_MOST]


def did_you_mean(asked: str, names: Iterable[str], *, kind: str = "") -> str | None:
    """Return the question after the near names, or None where no name is near.

    >>> did_you_mean("birdz", ["birds"], kind="task"), did_you_mean("birdz", ["dogs"])
    ("Did you mean the task 'birds'?", None)
    """
    return asked_back(near_names(asked, names), kind=kind)


def asked_back(names: Sequence[str], *, kind: str = "") -> str | None:
    """Return the question whether one of the names was meant, or None where there are none."""
    what = f"the {kind} " if kind else ""
    return f"Did you mean {what}{' or '.join(map(repr, names[:_MOST]))}?" if names else None
