"""Names that are close to one that nothing has."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_MOST = 3
#: The least likeness of a part of a name: parts are short, and many look a little like another.
_PART = 0.8


def near_names(asked: str, names: Iterable[str]) -> list[str]:
    """Return up to three of the names: those that begin with ``asked``, hold it, or look like it.

    Where there is none: those with a part, between ``_``, ``-`` and the like, that looks like it.

    >>> near_names("greek", ["Greek_capitals", "emoji_food", "gree"])
    ['Greek_capitals', 'gree']
    >>> near_names("cyrilic", ["cyrillic_capitals", "greek_capitals"])
    ['cyrillic_capitals']
    """
    lower = asked.casefold()
    folded = {name: name.casefold() for name in names}
    found = [name for name, low in folded.items() if lower and low.startswith(lower)]
    found += [name for name, low in folded.items() if len(lower) >= _MOST and lower in low]
    alike = get_close_matches(lower, list(folded.values()), n=_MOST)
    found += [name for each in alike for name, low in folded.items() if low == each]
    if not found:
        parts = {name: re.split(r"[\W_]+", low) for name, low in folded.items()}
        every = sorted({part for each in parts.values() for part in each})
        alike = get_close_matches(lower, every, n=_MOST, cutoff=_PART)
        found = [name for each in alike for name in parts if each in parts[name]]
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
