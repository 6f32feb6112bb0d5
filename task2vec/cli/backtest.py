"""The command backtest."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here
from task2vec.cli.output import (
    check_picture,
    console,
    messages,
    print_json,
    print_sheet,
    warn,
)
from task2vec.client.show.backtest import of_backtest, of_cases
from task2vec.messages.backtests import Backtest, BacktestQuestion

app = typer.Typer()


@app.command("backtest")
@grouped
def backtest(
    folds: Annotated[
        str,
        typer.Option(
            metavar="task|family",
            help="What is hidden for each task: the outcomes of the task alone, or of its whole "
            "family. A family is a tag `family:NAME`, or else tasks that lie near each other.",
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
    """Test the recommender on your own recorded outcomes.

    Example: `task2vec backtest --folds family -o backtest.png`

    For each task its outcomes are hidden. The recommender and some simple rules choose a model, and
    the hidden outcomes show how good each choice was. The last line says whether the recommender is
    worth using. You need outcomes of the default and of at least two other models on 8 tasks:
    record them with `outcomes add` or `outcomes import`. It takes about a second per task. Exit
    code 3 means that the outcomes do not decide it.
    """
    if output is not None:
        check_picture(output)
    with here.work("tasks") as (client, tell):
        answer = client.backtest(folds=folds, progress=tell)
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
    from task2vec.plots.backtest import compose_backtest
    from task2vec.plots.figure import save

    title = f"{answer.tasks} tasks, {answer.models} models, without each {answer.folds.value}"
    save(compose_backtest(answer.rankers, answer.coverage, title=title), output)
    messages().print(f"Drew it to {output}.")
