"""The file of a report, in the form that its suffix names."""

from collections.abc import Callable
from pathlib import Path

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.client.report.model_card import section
from task2vec.client.report.page import page
from task2vec.client.report.report import Report
from task2vec.errors import InputError

_WHAT = "The report"
_FORMS: dict[str, Callable[[Report], str]] = {".html": page, ".md": section}


def check_report(path: Path) -> None:
    """Raise `InputError` for a place or a suffix that no report can have: before the work."""
    _form_of(path)
    with writable(_WHAT, path):
        check_place(path)


def write_report(report: Report, path: Path) -> None:
    """Write the report as its suffix says, whole or not at all; raises `InputError`."""
    text = _form_of(path)(report)
    with writable(_WHAT, path), atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _form_of(path: Path) -> Callable[[Report], str]:
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise InputError(
            "A report is a page or a section of a model card",
            expected="a file name ending in .html or .md",
            got=path.name,
        )
    return form
