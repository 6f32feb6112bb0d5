"""The command backtest."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.bundles import bundled
from task2vec.cli.options import Here
from task2vec.cli.output import (
    check_picture,
    console,
    messages,
    print_json,
    print_sheet,
    warn,
)
from task2vec.cli.progress import bars, work_bar
from task2vec.client.show.backtest import of_backtest, of_cases
from task2vec.messages.backtests import Backtest, BacktestQuestion

app = typer.Typer()


@app.command("backtest")
@bundled
def backtest(
    folds: Annotated[
        str,
        typer.Option(
            metavar="task|family",
            help="What is unknown with each task that is asked about: it alone, or its family "
            "(tags `family:NAME`, else tasks that lie near each other).",
        ),
    ] = BacktestQuestion().folds.value,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PICTURE.png", help="Draw it: a .png, .svg or .pdf."
        ),
    ] = None,
    *,
    here: Here,
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
    with here.client() as client, bars() as progress:
        answer = client.backtest(folds=folds, progress=work_bar(progress, "tasks"))
    warn(answer.warnings)
    if here.as_json:
        print_json(answer)
    else:
        print_backtest(answer)
    if output is not None and answer.rankers:
        _draw(answer, output)
    return 3 if answer.verdict == "unknown" else 0


def print_backtest(answer: Backtest) -> None:
    """Print a backtest for a person."""
    out = console()
    sheet = of_backtest(answer)
    if answer.rankers:
        print_sheet(sheet, titled=True)
        out.print()
        print_sheet(of_cases(answer))
        out.print()
    *remarks, sentence = sheet.notes
    for line in remarks:
        out.print(line)
    out.print(sentence, style="bold")


def _draw(answer: Backtest, output: Path) -> None:
    from task2vec.plots.backtest import draw_backtest

    draw_backtest(
        answer.rankers,
        answer.coverage,
        output,
        title=f"{answer.tasks} tasks, {answer.models} models, without each {answer.folds.value}",
    )
    messages().print(f"Drew it to {output}.")
