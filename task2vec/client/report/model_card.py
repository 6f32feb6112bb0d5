"""The report as a section of a model card, in Markdown."""

import re
from collections.abc import Iterator, Sequence

from task2vec.client.report.report import NEAR, Report, cause
from task2vec.client.show.recommendation import reasons, verdict
from task2vec.client.show.sheet import interval, percent, points, points_between
from task2vec.types.names import visible
from task2vec.types.tuning import TRAINED

#: What Markdown would read as more than text, of which HTML is a part.
_MARKS = re.compile(r"([\\`*_\[\]<>|~&$])")


def section(report: Report) -> str:
    """Return the section. Every text is escaped, since names come from anybody."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    answer = report.answer
    yield "## Starting model"
    lead = " ".join(map(_plain, reasons(answer)))
    yield f"**{_plain(verdict(answer))}**, for the task {_plain(answer.task)}. {lead}"
    rows = []
    for candidate in filter(None, (report.chosen, *report.candidates)):
        plan = candidate.plan(answer.recipe)
        default = candidate.model == report.default
        row = (
            *(candidate.model, percent(plan.accuracy), interval(plan.accuracy_interval)),
            "the default" if default else points(plan.gain),
            "-" if default else points_between(plan.gain_interval),
        )
        if row not in rows:
            rows.append(row)
    level = f"{100 * answer.level:.0f} %"
    yield _table(
        ("starting model", "accuracy", f"{level} interval", "gain", f"{level} interval"), rows
    )
    yield (
        f"Expected on new images {TRAINED[answer.recipe]}. Gains are over the default, in points "
        "of accuracy."
    )
    if (moves := report.moves) is not None:
        told = [
            f"- {points(move.moved)}: {_plain(cause(move, of=moves.model))}"
            for move in report.largest_moves
        ]
        yield f"What moved the score of {_plain(moves.model)}, in points with a linear probe:"
        yield "\n".join(told) or "- nothing"
        if report.near:
            yield _table(("known task", *NEAR), report.near)
    yield _table(("simpler rule", "would take"), report.rules)
    yield _plain(answer.evidence_summary)
    if report.commands:
        # A fence that no command holds.
        ticks = max((len(run) for run in re.findall("`+", "".join(report.commands))), default=0)
        fence = "`" * max(3, ticks + 1)
        yield "\n".join([f"{fence}text", *map(visible, report.commands), fence])
    yield f"By {_plain(report.footer)}."


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", visible(text))
