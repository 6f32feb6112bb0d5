"""Markdown tables of what the yardsticks say of variants."""

from typing import Any

_SHOWN = ("repeat", "margin", "ranking", "family", "relatives", "transfer", "affinity", "gain")
_DIGITS = {"gain": 1, "repeat": 3}


def table(found: dict[str, Any]) -> str:
    """Return the Markdown table of an answer: choosing / reporting half in every cell.

    A star marks a difference to today's choice whose 95 % interval leaves 0 out.
    """
    lines = [f"| variant | {' | '.join(_SHOWN)} |", "|---" * (len(_SHOWN) + 1) + "|"]
    for row in found["rows"]:
        today = row["variant"] == found["today"]
        writers = [(row["variant"], _cell)]
        if today:
            writers = [(f"**{row['variant']}**", _cell), ("its 95 % intervals", _interval)]
        for heading, write in writers:
            cells = [
                " / ".join(write(row[half], name) for half in ("choosing", "reporting"))
                for name in _SHOWN
            ]
            lines.append(f"| {heading} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(of_half: dict[str, Any], name: str) -> str:
    value = of_half[name]["mean"]
    if value is None:
        return "-"
    less = of_half.get("less_today", {}).get(name)
    clear = less is not None and less["low"] is not None and (less["low"] > 0 or less["high"] < 0)
    return f"{_number(value, name)}{'*' if clear else ''}"


def _interval(of_half: dict[str, Any], name: str) -> str:
    low, high = of_half[name]["low"], of_half[name]["high"]
    return "-" if low is None else f"{_number(low, name)} to {_number(high, name)}"


def _number(value: float, name: str) -> str:
    return f"{value:.{_DIGITS.get(name, 2)}f}"
