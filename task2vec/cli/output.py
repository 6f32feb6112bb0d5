"""Data on stdout: text for a person, JSON for a program. Messages on stderr."""

import json
import math
import os
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TextIO

from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from task2vec.cli.place import place
from task2vec.cli.stdio import let_go
from task2vec.client.show.sheet import Sheet
from task2vec.client.show.table import fit
from task2vec.client.show.values import text_of
from task2vec.data.paths import tidied
from task2vec.data.wording import typed
from task2vec.extras import needing_extras
from task2vec.types.names import visible

#: Wide enough that nothing is cut where there is no terminal to fit into.
_PIPE_WIDTH = 200


class _Console(Console):
    """Prints text as it is: names and paths may hold ``[/b]`` or ``:pizza:``, which rich reads.

    Or what a terminal obeys, of which escapes are shown.
    """

    def __init__(self, *, file: TextIO | None, **options: Any) -> None:
        #: Whether sentences are wrapped. In a file, which has no width, each stays on its line.
        self.wraps = _has_width(file)
        width = None if self.wraps else _PIPE_WIDTH
        super().__init__(markup=False, emoji=False, highlight=False, width=width, **options)

    def print(self, *objects: Any, whole: bool = False, **options: Any) -> None:
        """Print texts by `harmless`, wrapped between words, and anything else as rich does.

        A word longer than the line, such as a path, stays in one piece, as does a ``whole`` text.
        """
        texts = [
            (harmless(each) if whole else self.wrapped(each)) if isinstance(each, str) else each
            for each in objects
        ]
        options.setdefault("soft_wrap", all(isinstance(each, str | Text) for each in texts))
        super().print(*texts, **options)

    def wrapped(self, text: str, *, indent: int = 0) -> str:
        """Return a text by `harmless`, wrapped, with further lines indented by ``indent``.

        A line that begins with spaces goes on below its first word.
        """
        text = harmless(text)
        if not self.wraps:
            return text
        return (
            "\n".join(
                textwrap.fill(
                    # A number and its unit stay together.
                    line.replace(" %", "\N{NO-BREAK SPACE}%"),
                    self.width - indent,
                    subsequent_indent=" " * (len(line) - len(line.lstrip())),
                    break_long_words=False,
                    break_on_hyphens=False,
                    replace_whitespace=False,
                )
                for line in text.split("\n")
            )
            .replace("\N{NO-BREAK SPACE}%", " %")
            .replace("\n", "\n" + " " * indent)
        )

    def on_broken_pipe(self) -> None:
        """Let the error through: ending the program is for `task2vec.cli.run`."""
        raise


class _Messages(_Console):
    """Prints to stderr. What cannot be told there costs neither the answer nor the exit code.

    Commands that a message quotes get the store or server of this command.
    """

    def wrapped(self, text: str, *, indent: int = 0) -> str:
        """Return a text as its base class does, with `Place.completed` commands."""
        return super().wrapped(place.completed(text), indent=indent)

    def __exit__(self, *about: Any) -> None:
        """Write what was printed; everything that rich prints ends here."""
        try:
            super().__exit__(*about)
        except OSError:
            let_go(sys.stderr)


def harmless(text: str) -> str:
    """Return a text with escapes for what would disturb a terminal; its line breaks stay."""
    return re.sub(r"[^\n\t]+", lambda part: visible(part[0]), text)


def console() -> _Console:
    """Return the console for data."""
    return _Console(file=sys.stdout)


def messages() -> _Console:
    """Return the console for progress and messages."""
    return _Messages(file=sys.stderr, stderr=True)


def _has_width(file: TextIO | None) -> bool:
    """Return whether lines are to be wrapped: for a terminal, or where COLUMNS says its width."""
    return os.environ.get("COLUMNS", "").isdecimal() or (file is not None and file.isatty())


def print_json(data: Any, *, without: Sequence[str] = (), **more: Any) -> None:
    """Print one JSON document, or one line of JSON Lines, flushed at once.

    Of a message, fields may be left out and others added. A closed stdout takes nothing.
    """
    if sys.stdout is None:
        return
    plain = plain_of(data)
    if without or more:
        plain = {name: value for name, value in plain.items() if name not in without} | more
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        # A name beyond the terminal's character set, or a file name that is no UTF-8.
        text = json.dumps(plain, allow_nan=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    whole: Sequence[str] = (),
    spare: Sequence[str] = (),
    cut: Sequence[str] = (),
) -> None:
    """Print a table; what gives way in a narrow terminal is as in `Sheet`."""
    print_sheet(Sheet("", columns, list(rows), whole=whole, spare=spare, cut=cut))


def print_sheet(sheet: Sheet, *, titled: bool = False) -> None:
    """Print the table of a sheet, and a message on what does not fit the terminal."""
    out = console()
    table, left_out = fit(sheet, out.width, titled=titled)
    out.print(table, soft_wrap=False)
    if left_out:
        messages().print(" ".join((*left_out, "`--json` shows all.")))


def print_facts(sheet: Sheet) -> None:
    """Print the facts of one thing, a line each, the values below each other."""
    width = max(len(name) for name, _ in sheet.rows)
    for name, value in sheet.rows:
        print_behind(Text(f"{name:<{width}}  ", "bold"), text_of(value))


def print_behind(label: str | Text, text: str) -> None:
    """Print a text behind a label; its further lines begin below its first."""
    out = console()
    out.print(Text.assemble(label, out.wrapped(text, indent=len(label))))


def print_next(*commands: Sequence[str]) -> None:
    """Print what to type next, each command on a line that is never broken: people copy it.

    ``commands`` are words behind ``task2vec``; the store or server of this command is added.
    """
    where = place.options()
    messages().print("Next:")
    for words in commands:
        line = " ".join(map(typed, ["task2vec", *map(tidied, words), *where]))
        messages().print(f"  {line}", whole=True)


def in_place(path: Path) -> str:
    """Return the words that a file is written in place of an earlier one; ask before writing."""
    return " in place of the earlier file" if path.exists() else ""


def check_picture(output: Path) -> None:
    """Refuse a name or a place that cannot be drawn to before the work, not after it.

    Raises `InputError`, and `MissingExtraError` where nothing can be drawn at all.
    """
    with needing_extras("A picture"):
        from task2vec.plots.figure import check_target
    check_target(output)


def warn(warnings: Iterable[str]) -> None:
    """Print warnings to stderr."""
    for warning in warnings:
        print_labelled("Warning:", warning, style="yellow")


def print_labelled(label: str, text: str, *, style: str) -> None:
    """Print a message to stderr behind a coloured label."""
    out = messages()
    text = out.wrapped(f"{label} {text}").removeprefix(label)
    out.print(Text.assemble((label, style), text))


def plain_of(data: Any) -> Any:
    """Return what JSON holds of messages and records; nan and infinity are null."""
    if isinstance(data, BaseModel):
        return plain_of(data.model_dump(mode="json"))
    if is_dataclass(data) and not isinstance(data, type):
        return plain_of(asdict(data))
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: plain_of(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain_of(value) for value in data]
    return data
