"""Tables of texts as HTML, for notebooks."""

from collections.abc import Iterable, Sequence
from html import escape

from task2vec.types.names import visible


def html_table(
    title: str,
    rows: Iterable[Sequence[str]],
    *,
    columns: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> str:
    """Return a table with a title above it and sentences below.

    Every text is escaped, since names come from anybody.
    """
    heads = "".join(f"<th>{_shown(column)}</th>" for column in columns)
    head = f"<thead><tr>{heads}</tr></thead>" if any(columns) else ""
    body = "".join(
        "<tr>" + "".join(f"<td>{_shown(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table><caption>{_shown(title)}</caption>{head}<tbody>{body}</tbody></table>"
        + "".join(f"<p>{_shown(note)}</p>" for note in notes)
    )


def _shown(text: str) -> str:
    return escape(visible(text))
