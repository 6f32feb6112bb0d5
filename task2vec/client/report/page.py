"""The report as a page of HTML: whole in one file, without a script, one sheet when printed."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from task2vec.client.report.charts import HALF, Row, chart
from task2vec.client.report.report import MOST_CLASSES, NEAR, Report, cause
from task2vec.client.show.recommendation import reasons, verdict
from task2vec.client.show.sheet import interval, percent, points, points_between
from task2vec.data.durations import in_words
from task2vec.data.wording import plural
from task2vec.types.names import visible
from task2vec.types.tuning import TRAINED

_STYLE = "report.css"


def page(report: Report) -> str:
    """Return the page. Every text is escaped, since names come from anybody."""
    answer = report.answer
    style = files(__package__).joinpath(_STYLE).read_text(encoding="utf-8")
    lead = "".join(f"<p>{_prose(sentence)}</p>" for sentence in reasons(answer))
    parts = [_facts(report), *_forest(report), *_pairs(report), *_last(report)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_shown(answer.task)}: starting model</title>\n<style>\n{style}</style>\n</head>\n"
        f'<body>\n<p class="about">Starting model for <bdi>{_shown(answer.task)}</bdi></p>\n'
        f"<h1>{_shown(verdict(answer))}</h1>\n{lead}\n"
        + "\n".join(parts)
        + f"\n<footer>{escape(report.footer)}. Gains are over the default "
        f"{_shown(report.default or answer.chosen)}, trained in the same way, in points of "
        f"accuracy on new images. Intervals hold {100 * answer.level:.0f} % of outcomes.</footer>\n"
        "</body>\n</html>\n"
    )


def _facts(report: Report) -> str:
    """Return the numbers of the model and recipe that are taken."""
    answer, chosen = report.answer, report.chosen
    # The sentences above say in words what is trained; this is what a command calls it.
    facts = [("recipe", answer.recipe.value, "")]
    if chosen is not None:
        plan = chosen.plan(answer.recipe)
        if plan.accuracy is not None:
            ends = interval(plan.accuracy_interval)
            facts.append(("expected accuracy", percent(plan.accuracy), ends))
        if not answer.abstained:
            facts.append(("expected gain", points(plan.gain), points_between(plan.gain_interval)))
        if plan.seconds is not None:
            facts.append(
                ("fine-tuning takes", in_words(plan.seconds), "at most, where it was timed")
            )
    cells = "".join(
        f"<div><dt>{_shown(name)}</dt><dd>{_shown(value)}</dd>"
        + (f"<dd>{_shown(more)}</dd></div>" if more else "</div>")
        for name, value, more in facts
    )
    return f'<dl class="facts">{cells}</dl>'


def _forest(report: Report) -> Iterator[str]:
    """Yield the candidates with their intervals, about the default at zero."""
    answer, rows = report.answer, []
    for candidate in report.candidates:
        plan = candidate.plan(answer.recipe)
        low, high = plan.gain_interval
        rows.append(
            Row(
                candidate.model,
                100 * plan.gain,
                f"{points(plan.gain)} [{points(low)}, {points(high)}]",
                ends=(100 * low, 100 * high),
                strong=candidate.model == answer.chosen,
            )
        )
    if not rows:
        return
    title = f"Gain to expect over the default, {TRAINED[answer.recipe]}"
    left = len(answer.recommendations) - len(rows) - 1
    more = f'<p class="note">{plural(left, "more candidate")} left out.</p>' if left > 0 else ""
    yield _section(title, chart(rows, title=title, unit="points of accuracy"), more)


def _pairs(report: Report) -> Iterator[str]:
    """Yield what moved the answer and what it rests on, two beside each other."""
    sections = [*_moves(report), *_hard_classes(report), _rules(report)]
    for first in range(0, len(sections), 2):
        yield f'<div class="pair">{"".join(sections[first : first + 2])}</div>'


def _moves(report: Report) -> Iterator[str]:
    """Yield what moved the score of a model, and the known tasks that counted most."""
    moves = report.moves
    if moves is None:
        return
    rows = [
        Row(cause(move, of=moves.model), 100 * move.moved, points(move.moved))
        for move in report.largest_moves
    ]
    title = f"What moved the score of {visible(moves.model)}"
    rest = (
        f"These are the largest single moves. All of them make {points(moves.score)} points with a "
        f"linear probe: {points(moves.prior)} before any outcome, {points(moves.by_outcomes)} by "
        f"outcomes, {points(moves.by_measuring)} by measuring on this task."
    )
    drawn = chart(rows, title=title, unit="points", columns=HALF) if rows else ""
    yield _section(title, drawn, f'<p class="note">{escape(rest)}</p>')
    if report.near:
        near = _table(("task", *NEAR), report.near, numbers=len(NEAR))
        yield _section("Known tasks that counted most", near)


def _hard_classes(report: Report) -> Iterator[str]:
    explanation = report.answer.explanation
    judged = None if explanation is None else explanation.classes
    hard = [] if judged is None else [each for each in judged.classes if each.hard][:MOST_CLASSES]
    if hard:
        rows = [
            (each.name, each.taken_for.name if each.taken_for else "-", percent(each.accuracy))
            for each in hard
        ]
        columns = ("class", "most often taken for", "recognised")
        yield _section("Hard classes", _table(columns, rows, numbers=1))


def _rules(report: Report) -> str:
    return _section("What simpler rules would take", _table(("rule", "model"), report.rules))


def _last(report: Report) -> Iterator[str]:
    answer = report.answer
    if report.commands:
        yield _section("Next", f"<pre>{_shown_lines(report.commands)}</pre>")
    told = [answer.evidence_summary, *answer.warnings]
    if not answer.calibrated:
        told.append("The intervals could not be checked: too few tasks have outcomes.")
    items = "".join(f"<li>{_prose(text)}</li>" for text in told if text)
    yield _section("What this rests on", f'<ul class="note">{items}</ul>')


def _section(title: str, *content: str) -> str:
    return f"<section><h2>{_shown(title)}</h2>{''.join(content)}</section>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int = 0) -> str:
    """Return a table whose last ``numbers`` columns are numbers."""
    first = len(columns) - numbers
    kinds = [' class="number"' if place >= first else "" for place in range(len(columns))]
    head = "".join(
        f"<th{kind}>{_shown(name)}</th>" for kind, name in zip(kinds, columns, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{_breakable(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(text: str) -> str:
    return escape(visible(text))


def _prose(text: str) -> str:
    """Return a sentence with what stands between backticks, a command, set as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", _shown(text))


def _breakable(text: str) -> str:
    """Return a text that may be broken behind a slash, where names of bundles end."""
    return _shown(text).replace("/", "/<wbr>")


def _shown_lines(lines: Sequence[str]) -> str:
    return "\n".join(map(_shown, lines))
