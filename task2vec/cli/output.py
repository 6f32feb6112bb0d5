"""Data on stdout: text for a person, JSON for a program. Messages on stderr."""

import io
import json
import os
import re
import select
import sys
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from task2vec.cli.place import place
from task2vec.client.request import plain_of
from task2vec.client.show.sheet import Sheet, text_of
from task2vec.client.show.table import fit
from task2vec.data.paths import tidied
from task2vec.data.wording import typed
from task2vec.errors import InputError
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


def answer(
    data: Any,
    shown: Sheet | str,
    *,
    as_json: bool,
    then: Sequence[Sequence[str]] = (),
    without: Sequence[str] = (),
    **more: Any,
) -> None:
    """Print data as JSON for a program; for a person what is ``shown``, and what to type next.

    A table goes to stdout; its sentences, or a text alone, to stderr. ``without`` and ``more`` are
    those of `print_json`, ``then`` is for `print_next`.
    """
    if as_json:
        print_json(data, without=without, **more)
        return
    if isinstance(shown, Sheet):
        print_sheet(shown)
    for note in shown.notes if isinstance(shown, Sheet) else [shown]:
        messages().print(note)
    if then:
        print_next(*then)


def print_sheet(sheet: Sheet, *, titled: bool = False) -> None:
    """Print the table of a sheet, and a message on what does not fit the terminal.

    Facts are lines, with the values below each other.
    """
    if not any(sheet.columns):
        width = max((len(name) for name, _ in sheet.rows), default=0)
        for name, value in sheet.rows:
            print_behind(Text(f"{name:<{width}}  ", "bold"), text_of(value))
        return
    out = console()
    table, left_out = fit(sheet, out.width, titled=titled)
    out.print(table, soft_wrap=False)
    if left_out:
        messages().print(" ".join((*left_out, "`--json` shows all.")))


def print_behind(label: str | Text, text: str) -> None:
    """Print a text behind a label; its further lines begin below its first."""
    out = console()
    out.print(Text.assemble(label, out.wrapped(text, indent=len(label))))


def print_next(*commands: Sequence[str]) -> None:
    """Print what to type next, each command on a line that is never broken: people copy it.

    ``commands`` are words behind ``task2vec``; the store or server of this command is added.
    """
    messages().print("Next:")
    for line in command_lines(commands):
        messages().print(f"  {line}", whole=True)


def command_lines(commands: Iterable[Sequence[str]]) -> list[str]:
    """Return commands as they are typed, on the store or server of this command."""
    where = place.options()
    return [" ".join(map(typed, ["task2vec", *map(tidied, words), *where])) for words in commands]


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


_ELSEWHERE = "Print it to a file or a program, or leave `--json` out."


def check_stdout() -> None:
    """Check that what is printed arrives somewhere: before what cannot be undone.

    Raises:
        InputError: where stdout is closed, full, or read by nobody.
    """
    if sys.stdout is None:
        raise InputError("stdout is closed: the answer cannot be printed", remedy=_ELSEWHERE)
    if stdout_left():
        raise InputError("Nobody reads stdout: the answer cannot be printed", remedy=_ELSEWHERE)
    try:
        # Changes nothing, and is refused by what takes nothing at all.
        os.write(sys.stdout.fileno(), b"")
    except io.UnsupportedOperation:
        # No file of the system, but something in this process.
        return
    except OSError as error:
        problem = "The answer cannot be printed to stdout"
        raise InputError(problem, got=str(error), remedy=_ELSEWHERE) from error


def stdout_left() -> bool:
    """Whether the reader of stdout has gone: a broken pipe may be another one."""
    if sys.stdout is None:
        return False
    if not hasattr(select, "poll"):
        # Windows does not tell.
        return True
    watched = select.poll()
    try:
        watched.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return False
    return bool(watched.poll(0))


def stdout_is_null() -> bool:
    """Whether stdout is the null device, where rich points it once nobody reads it."""
    if sys.stdout is None:
        return False
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), os.stat(os.devnull))  # noqa: PTH116
    except (OSError, ValueError):
        return False


def let_go(stream: TextIO | None) -> None:
    """Flush a stream, and where that fails, let what it holds go in peace.

    Else Python tries once more at its end, complains, and ends with an exit code of its own.
    """
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
