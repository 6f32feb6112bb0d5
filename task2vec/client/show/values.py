"""Values as a person reads them: numbers, shares, intervals."""

import math
from typing import Any

from task2vec.types.names import visible


def text_of(value: Any) -> str:
    """Return a value as a text: grouped digits, three decimals, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    return visible(str(value))


def number(value: float | None, digits: int = 3) -> str:
    """Return a number; a dash where there is none."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """Return a fraction in per cent."""
    return "-" if value is None else f"{100 * value:.1f} %"


def interval(value: tuple[float, float] | None) -> str:
    """Return an interval of fractions in per cent."""
    return "-" if value is None else f"{100 * value[0]:.1f} to {100 * value[1]:.1f} %"


def points(gain: float | None) -> str:
    """Return a gain in points of accuracy, with its sign."""
    return "-" if gain is None else f"{100 * gain:+z.1f}"


def points_between(ends: tuple[float, float]) -> str:
    """Return an interval of gains in points of accuracy."""
    return f"{points(ends[0])} to {points(ends[1])}"


def not_negative(distance: float | None) -> float | None:
    """Return a distance, 0 where noise made it negative."""
    return distance if distance is None else max(0.0, distance)


def nats(value: float | None, error: float | None) -> str:
    """Return an information distance, with its standard error where one is known.

    One that noise made negative is 0. It may be far below, so what was measured stands behind.
    """
    if value is None or not math.isfinite(value):
        return "-"
    noise = "" if error is None or not math.isfinite(error) else f" ± {error:,.0f}"
    return f"{value:,.0f}{noise}" if value >= 0 else f"0 (measured {value:,.0f}{noise})"
