"""The commands outcomes add, import and list."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.options import DEFAULT_STORE, JsonOption, StoreOption, open_workspace
from task2vec.cli.output import interval, messages, percent, print_json, print_table

if TYPE_CHECKING:
    from task2vec.types import Outcome

app = typer.Typer(no_args_is_help=True, help="What fine-tuning a model on a task gave.")


@app.command()
def add(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or id.")],
    task: Annotated[str, typer.Argument(metavar="TASK", help="A stored task's name or id.")],
    accuracy: Annotated[float, typer.Option(help="The accuracy as a fraction, 0 to 1.")],
    protocol: Annotated[
        str, typer.Option(help="How it was measured. Only equal protocols are compared.")
    ] = "fine-tuning",
    images: Annotated[int | None, typer.Option(min=1, help="Test images.")] = None,
    seed: Annotated[int | None, typer.Option(help="Its random seed.")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Record one outcome.

    It counts as evidence once the plain default has an outcome on the same task and protocol.
    """
    from task2vec.service.outcome_file import Measured
    from task2vec.service.outcomes import add_outcome

    measured = Measured(model, task, accuracy, protocol=protocol, images=images, seed=seed)
    with open_workspace(store) as workspace:
        outcome = add_outcome(workspace, measured)
    if as_json:
        print_json({**outcome.to_json(), "model": model, "task": task})
    else:
        messages().print(f"Recorded {percent(accuracy)} of {model} on {task}.")


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="Columns model,task,accuracy[,protocol][,images][,seed]."
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Record the outcomes of a CSV file: all of them, or none when a line is wrong."""
    from task2vec.service.outcomes import import_outcomes

    with open_workspace(store) as workspace:
        outcomes = import_outcomes(workspace, file)
    if as_json:
        print_json({"imported": len(outcomes)})
    else:
        messages().print(f"Recorded {len(outcomes)} outcomes.")


@app.command("list")
def list_outcomes(
    model: Annotated[str | None, typer.Option(help="Only of this model.")] = None,
    task: Annotated[str | None, typer.Option(help="Only on this task.")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """List the recorded outcomes."""
    from task2vec.service.outcomes import list_outcomes as run

    with open_workspace(store) as workspace:
        found = run(workspace, model=model, task=task)
    if as_json:
        rows = [{**o.to_json(), "model": m, "task": t} for o, m, t in found]
        print_json({"outcomes": rows})
        return
    if not found:
        messages().print("No outcomes yet. `task2vec finetune` and `outcomes add` record them.")
        return
    _print(found)


def _print(found: "Sequence[tuple[Outcome, str, str]]") -> None:
    print_table(
        ["model", "task", "accuracy", "95 % interval", "images", "protocol"],
        [
            (m, t, percent(o.accuracy), interval(o.interval), o.images, o.protocol)
            for o, m, t in found
        ],
    )
