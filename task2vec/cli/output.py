"""Data on stdout: tables for a person, JSON for a program. Messages on stderr."""

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from task2vec.cli.streams import let_go
from task2vec.types.names import visible

if TYPE_CHECKING:
    from task2vec.wire.base import Answer

#: Wide enough that nothing is cut where there is no terminal to fit into.
_PIPE_WIDTH = 200


class _Console(Console):
    """Prints text as it is: names and paths may hold ``[/b]`` or ``:pizza:``, which rich reads.

    Or what a terminal obeys, of which escapes are shown.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts by `harmless`, anything else as rich does."""
        super().print(
            *(harmless(each) if isinstance(each, str) else each for each in objects), **options
        )

    def on_broken_pipe(self) -> None:
        """Let the error through: ending the program is for `task2vec.cli.run`."""
        raise


class _Messages(_Console):
    """Prints to stderr. What cannot be told there costs neither the answer nor the exit code."""

    def __exit__(self, *about: Any) -> None:
        """Write what was printed; everything that rich prints ends here."""
        try:
            super().__exit__(*about)
        except OSError:
            let_go(sys.stderr)


def harmless(text: str) -> str:
    """Return a text with escapes for what would disturb a terminal; its line breaks stay."""
    return re.sub(r"[^\n\t]+", lambda found: visible(found[0]), text)


def console() -> Console:
    """Return the console for data."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return _Console(width=None if terminal else _PIPE_WIDTH)


def messages() -> Console:
    """Return the console for progress and messages."""
    return _Messages(stderr=True, soft_wrap=True)


def print_json(data: Any) -> None:
    """Print one JSON document, or one line of JSON Lines, flushed at once.

    Numbers that JSON has not (nan, infinity) become null. A closed stdout takes nothing.
    """
    if sys.stdout is None:
        return
    plain = _plain(data)
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        # A name beyond the terminal's character set, or a file name that is no UTF-8.
        text = json.dumps(plain, allow_nan=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_answer_json(answer: "Answer", *, without: Sequence[str] = (), **more: Any) -> None:
    """Print a message as one JSON document, with fields left out and others added."""
    print_json({**answer.model_dump(mode="json", exclude=set(without)), **more})


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    whole: Sequence[str] = (),
) -> None:
    """Print a table; numbers are aligned to the right.

    Cells of the columns that are to stay ``whole`` are never folded: people copy them.
    """
    rows = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[position], int | float) for row in rows)
        table.add_column(
            visible(column),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=column in whole,
        )
    for row in rows:
        table.add_row(*(Text(show(cell)) for cell in row))
    console().print(table)


def show(value: Any) -> str:
    """Return a value as a person reads it: three decimals, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}" if math.isfinite(value) else "-"
    return visible(str(value))


def print_fields(fields: Mapping[str, str]) -> None:
    """Print what there is to say of one thing, a line each, the values below each other."""
    width = max(map(len, fields))
    for name, value in fields.items():
        console().print(
            Text.assemble((f"{name:<{width}}", "bold"), f"  {harmless(value)}"), soft_wrap=True
        )


def percent(value: float | None) -> str:
    """Return a fraction in per cent."""
    return "-" if value is None else f"{100 * value:.1f} %"


def interval(value: tuple[float, float] | None) -> str:
    """Return an interval of fractions in per cent."""
    return "-" if value is None else f"{100 * value[0]:.1f} to {100 * value[1]:.1f} %"


def warn(warnings: Iterable[str]) -> None:
    """Print warnings to stderr."""
    for warning in warnings:
        messages().print(Text.assemble(("Warning:", "yellow"), f" {harmless(warning)}"))


def _plain(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    return data
