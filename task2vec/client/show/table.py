"""Tables of rich that fit the width of the terminal."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from task2vec.client.show.sheet import Sheet, text_of
from task2vec.types.names import visible

_GAP = 2
#: Where a long name may be broken: behind a space or a mark, never inside a word or before "%".
_WORD = re.compile(r"[^\s\-_/.,:@=]*[\-_/.,:@=]*(?: %)?\s?")


class Drawn:
    """A sheet as rich prints it; texts are shown as they are, not read as markup."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield the table, and the sentences below it."""
        table, left_out = fit(self._sheet, options.max_width, titled=True)
        yield table
        for note in (*self._sheet.notes, *left_out):
            yield Text(visible(note))


def fit(sheet: Sheet, width: int, *, titled: bool = False) -> tuple[Table, list[str]]:
    """Return a table that fits a width, and the sentences on what it leaves out.

    Columns of numbers are aligned to the right. Headers are wrapped first, then the columns give
    way as `Sheet` says.
    """
    fitted = _Fitted(sheet.columns, sheet.rows, whole=sheet.whole, cut=sheet.cut)
    left_out: list[str] = []
    for column in reversed(sheet.spare):
        if fitted.fits(width):
            break
        left_out.insert(0, column)
        fitted = fitted.without(column)
    table = Table(
        title=Text(visible(sheet.title)) if titled else None,
        title_justify="left",
        header_style="bold",
        show_header=any(sheet.columns),
        box=None,
        pad_edge=False,
    )
    widths = fitted.widths(width)
    for position, (column, size) in enumerate(zip(fitted.columns, widths, strict=True)):
        table.add_column(
            Text("\n".join(_wrapped(visible(column), size))),
            justify="right" if fitted.numeric(position) else "left",
            width=size,
        )
    lines = fitted.lines(widths)
    for row in zip(*lines, strict=True):
        table.add_row(*(Text("\n".join(cell)) for cell in row))
    notes = []
    if left_out:
        notes.append(f"Too wide for {width} columns, so left out: {', '.join(left_out)}.")
    names = [cells for cells, name in zip(lines, fitted.columns, strict=True) if name in sheet.cut]
    if any(_CUT in line for cells in names for cell in cells for line in cell):
        notes.append(f"Cut at {width} columns: what has {_CUT} in it.")
    return table, notes


_CUT = "…"
#: As much of a name as is left of it at least.
_CUT_WIDTH = 14
_NUMBER = re.compile(r"[-+]?[\d,.]+( ± [\d,.]+)?( %)?")


class _Fitted:
    """The columns of a table with their ``texts``, and the widths that they need."""

    def __init__(
        self,
        columns: Sequence[str],
        cells: Sequence[Sequence[Any]],
        *,
        whole: Sequence[str],
        cut: Sequence[str],
    ) -> None:
        self.columns = list(columns)
        self.texts = [[text_of(cell) for cell in row] for row in cells]
        self._cells = cells
        self._whole = whole
        self._cut = cut
        by_column = list(zip(*self.texts, strict=True)) or [()] * len(columns)
        headers = list(map(visible, columns))
        longest = [max(map(_size, texts), default=0) for texts in by_column]
        words = [max((_longest_word(text) for text in texts), default=0) for texts in by_column]
        self._natural = [max(_size(h), n) for h, n in zip(headers, longest, strict=True)]
        #: Wide enough for every cell, with a wrapped header.
        self._cell = [max(_longest_word(h), n) for h, n in zip(headers, longest, strict=True)]
        #: Wide enough for every word.
        self._word = [
            cell
            if column in whole
            else min(cell, max(_longest_word(header), _CUT_WIDTH))
            if column in cut
            else max(_longest_word(header), word)
            for column, header, cell, word in zip(columns, headers, self._cell, words, strict=True)
        ]

    def without(self, column: str) -> "_Fitted":
        """Return the table without a column."""
        at = self.columns.index(column)
        cells = [[*row[:at], *row[at + 1 :]] for row in self._cells]
        return _Fitted(
            self.columns[:at] + self.columns[at + 1 :], cells, whole=self._whole, cut=self._cut
        )

    def numeric(self, position: int) -> bool:
        """Return whether all cells of a column are numbers, some of them perhaps unknown."""
        texts = {row[position] for row in self.texts} - {"-"}
        return bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)

    def fits(self, width: int) -> bool:
        """Return whether no cell needs to be wrapped."""
        return sum(self._cell) + _GAP * (len(self._cell) - 1) <= width

    def widths(self, width: int) -> list[int]:
        """Return the width of each column."""
        room = width - _GAP * (len(self.columns) - 1)
        if self.fits(width):
            return _shared_out(self._cell, self._natural, room)
        return _shared_out(self._word, self._cell, room)

    def lines(self, widths: Sequence[int]) -> list[list[list[str]]]:
        """Return the lines of each cell, column by column."""
        by_column = list(zip(*self.texts, strict=True)) or [()] * len(self.columns)
        lines = []
        for column, texts, width in zip(self.columns, by_column, widths, strict=True):
            short = [_shortened(text, width) for text in texts]
            if column in self._cut and len(set(short)) == len(set(texts)):
                lines.append([[text] for text in short])
            else:
                lines.append([_wrapped(text, width) for text in texts])
        return lines


def _shared_out(least: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """Return widths between ``least`` and ``wanted``; the narrowest columns grow first.

    Where not even the least widths fit, the widest columns are cut.
    """
    widths = list(least)
    while sum(widths) < room:
        growing = [i for i in range(len(widths)) if widths[i] < wanted[i]]
        if not growing:
            break
        widths[min(growing, key=widths.__getitem__)] += 1
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def _shortened(text: str, width: int) -> str:
    """Return a text in at most ``width`` cells: its beginning and its end tell names apart."""
    if _size(text) <= width:
        return text
    end = _head(text[::-1], width // 2)[::-1]
    return f"{_head(text, width - 1 - _size(end))}{_CUT}{end}"


def _wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text: broken between words, and within one only if it is too long."""
    lines = [""]
    for word in _WORD.findall(text):
        if _size(lines[-1] + word.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += word
        while _size(lines[-1].rstrip()) > width:
            whole = lines.pop()
            lines += [_head(whole, width), whole[len(_head(whole, width)) :]]
    return [line.rstrip() for line in lines]


def _head(text: str, width: int) -> str:
    """Return the longest beginning of a text that fits a width, at least one character."""
    end = 1
    while end < len(text) and _size(text[: end + 1]) <= width:
        end += 1
    return text[:end]


def _size(text: str) -> int:
    return Text(text).cell_len


def _longest_word(text: str) -> int:
    return max((_size(word.rstrip()) for word in _WORD.findall(text)), default=0)
