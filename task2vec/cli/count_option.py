"""Large counts as people write them: 6M, 6e6, 6_000_000."""

import re
from decimal import Decimal
from typing import Annotated, Any

import typer

from task2vec.types.numbers import MOST_WHOLE

_UNITS = {"": 0, "k": 3, "m": 6, "g": 9, "b": 9}
# Commas part thousands only: 1,5M is no count.
_COUNT = re.compile(
    r"((?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d+)?(?:e\d{1,2})?) ?([kmgb]?)", flags=re.IGNORECASE
)
#: How such an option is shown in its help.
METAVAR = "COUNT"


def count(given: Any) -> int:
    """Return a whole number from 1 to 2^53; raises `ValueError` in words for a person.

    >>> [count(text) for text in ("6M", "4.7m", "6e6", "6_000_000", "6,000,000", "1B")]
    [6000000, 4700000, 6000000, 6000000, 6000000, 1000000000]
    """
    text = str(given).strip()
    found = _COUNT.fullmatch(text)
    if found:
        number, unit = found.groups()
        value = Decimal(re.sub("[_,]", "", number)).scaleb(_UNITS[unit.lower()])
        if value == int(value) and 1 <= value <= MOST_WHOLE:
            return int(value)
    raise ValueError(f"expected a count of at least 1, such as 6000000, 6M or 6e6, got '{text}'")


MostParameters = Annotated[
    int | None,
    typer.Option(
        parser=count,
        metavar=METAVAR,
        help="Only models of at most this many parameters, such as 6M. They are counted as "
        "published, with ImageNet's classifier: an expert has as many as the model it came from.",
    ),
]
