"""The command backtest."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_STORE,
    ApiKeyOption,
    JsonOption,
    StoreOption,
    UrlOption,
    open_client,
)
from task2vec.cli.output import console, messages, percent, print_answer_json, warn
from task2vec.cli.pictures import check_picture
from task2vec.cli.progress import bars, work_bar
from task2vec.cli.table import print_table
from task2vec.client.wording import shared_pairs_note

if TYPE_CHECKING:
    from task2vec.messages.backtests import Backtest

OURS = "task2vec"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("backtest")(backtest)


def backtest(
    folds: Annotated[
        str,
        typer.Option(
            metavar="task|family",
            help="What is unknown with each task that is asked about: it alone, or its family "
            "(tags `family:NAME`, else tasks that lie near each other).",
        ),
    ] = "task",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PICTURE.png", help="Draw it: a .png, .svg or .pdf."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> int:
    """Judge the recommender on your own recorded outcomes.

    Example: `task2vec backtest --folds family -o backtest.png`

    Asks the recommender, and simple rules, about each task as if its outcomes were not known, and
    compares the answers with the outcomes. The last line says whether the recommender is worth
    using. It takes outcomes of the default and of at least two other models on 8 tasks (`outcomes
    add`, `outcomes import`), and about a second for each. Exit code 3: the outcomes do not tell.
    """
    if output is not None:
        check_picture(output)
    with open_client(store, url, api_key) as client, bars() as progress:
        found = client.backtest(folds=folds, progress=work_bar(progress, "tasks"))
    warn(found.warnings)
    if as_json:
        print_answer_json(found)
    else:
        print_backtest(found)
    if output is not None and found.rankers:
        _draw(found, output)
    return 3 if found.verdict == "unknown" else 0


def print_backtest(found: "Backtest") -> None:
    """Print a backtest for a person."""
    out = console()
    if found.rankers:
        _print_rankers(found)
        out.print()
        _print_cases(found)
        out.print()
    for line in _remarks(found):
        out.print(line)
    out.print(found.sentence, style="bold")


def _print_rankers(found: "Backtest") -> None:
    print_table(
        [
            *("ranker", "gain", "task2vec minus it: gain", "weighted tau", "first is best"),
            *("regret@1", "regret@3", "headroom captured", "task2vec minus it: tau"),
        ],
        [
            (
                r.name,
                _points(r.gain, r.ci.gain),
                _points(r.ours_minus.gain, r.ours_minus.ci.gain) if r.ours_minus else "-",
                _number(r.weighted_kendall, r.ci.weighted_kendall),
                percent(r.top_1),
                _points(r.regret_at_1, r.ci.regret_at_1),
                _points(r.regret_at_3, r.ci.regret_at_3),
                _number(r.headroom_captured, r.ci.headroom_captured),
                _number(r.ours_minus.weighted_kendall, r.ours_minus.ci.weighted_kendall)
                if r.ours_minus
                else "-",
            )
            for r in found.rankers
        ],
        title=f"{found.tasks} tasks, {found.models} models; regrets and gains in points",
        spare=[
            *("first is best", "weighted tau", "regret@1", "headroom captured"),
            *("regret@3", "task2vec minus it: tau"),
        ],
    )


def _print_cases(found: "Backtest") -> None:
    print_table(
        ["task", "family", "family by", "models", "taken", "gain", "best", "weighted tau"],
        [
            (
                *(c.task, c.family, c.family_from.value, c.offered),
                f"{c.chosen} (abstained)" if c.abstained else c.chosen,
                *(f"{100 * c.gain:+z.1f}", f"{100 * c.best_gain:+z.1f}", c.weighted_kendall),
            )
            for c in found.cases
        ],
        spare=["weighted tau", "family", "models", "family by"],
    )


def _remarks(found: "Backtest") -> list[str]:
    lines = []
    if found.probe is not None and found.space is not None:
        lines.append(
            f"Tasks embedded with {found.probe} ({found.space.probe[:12]}), which most outcomes "
            "are on."
        )
    lines += shared_pairs_note(found)
    if found.noise_ceiling is not None:
        ceiling = found.noise_ceiling
        lines.append(
            f"Noise ceiling of the weighted tau: {_number(ceiling.weighted_kendall, ceiling.ci)}"
            + (", estimated." if ceiling.estimated else ".")
        )
    lines += [
        f"The {100 * c.level:.0f} % intervals held {percent(c.observed)} of the gains "
        f"[{percent(c.ci[0])}, {percent(c.ci[1])}]."
        for c in found.coverage
    ]
    silent = found.abstention
    if silent is not None:
        text = f"{OURS} took the default on {percent(silent.rate)} of the tasks."
        if silent.loss is not None:
            missed = _points(silent.loss, silent.ci.loss)
            text += f" On these, {silent.best_baseline} gained {missed} points more."
        if silent.gain_otherwise is not None:
            gained = _points(silent.gain_otherwise, silent.ci.gain_otherwise)
            text += f" On the other tasks {OURS} gained {gained} points."
        lines.append(text)
    return lines


def _draw(found: "Backtest", output: Path) -> None:
    from task2vec.plots.backtest import Bar, Calibration, draw_backtest

    draw_backtest(
        [
            Bar(
                r.name,
                100 * r.gain,
                low=100 * r.ci.gain[0],
                high=100 * r.ci.gain[1],
                ours=r.name == OURS,
            )
            for r in found.rankers
        ],
        [Calibration(c.level, c.observed, *c.ci) for c in found.coverage],
        output,
        title=f"{found.tasks} tasks, {found.models} models, without each {found.folds.value}",
    )
    messages().print(f"Drew it to {output}.")


def _number(value: float | None, ends: tuple[float, float] | None) -> str:
    if value is None or ends is None:
        return "-"
    return f"{value:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]"


def _points(value: float | None, ends: tuple[float, float] | None) -> str:
    if value is None or ends is None:
        return "-"
    return f"{100 * value:.1f} [{100 * ends[0]:.1f}, {100 * ends[1]:.1f}]"
