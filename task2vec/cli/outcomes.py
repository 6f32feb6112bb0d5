"""The commands outcomes add, import, list and remove."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import EMBEDDING, Here
from task2vec.cli.outcome_removal import Kind, remove
from task2vec.cli.output import answer, messages, print_json, print_next, print_sheet, warn
from task2vec.client.show.sheet import Sheet, interval, percent
from task2vec.data.wording import plural
from task2vec.recommendation.evidence.outcomes import (
    repeated_warning,
    unused_warning,
    without_default,
)

if TYPE_CHECKING:
    from task2vec.cli.options import AnyClient
    from task2vec.messages.outcomes import Outcome

#: As many as a server gives at once.
_PAGE = 1000
#: Columns that a narrow terminal may lack, the last first.
_SPARE = ("protocol", "images", "95 % interval", "seed", "created")

app = typer.Typer(
    no_args_is_help=True, help="Record, list or remove outcomes: the results of fine-tuning."
)


@app.command()
@grouped
def add(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or id.")],
    task: Annotated[str, typer.Argument(metavar="TASK", help="A stored task's name or id.")],
    accuracy: Annotated[float, typer.Option(help="The accuracy as a fraction, 0 to 1.")],
    protocol: Annotated[
        str, typer.Option(help="How it was measured. Only equal protocols are compared.")
    ] = "fine-tuning",
    images: Annotated[int | None, typer.Option(min=1, help="Test images.")] = None,
    seed: Annotated[int | None, typer.Option(help="Its random seed.")] = None,
    *,
    here: Here,
) -> None:
    """Record one outcome.

    Example: `task2vec outcomes add efficientnet_lite0 birds --accuracy 0.91`

    It counts as evidence once the plain default has an outcome on the same task and protocol.
    Recorded twice, it counts once.
    """
    with here.client() as client:
        outcome = client.outcomes.add(
            model, task, accuracy, protocol=protocol, images=images, seed=seed
        )
        warnings = [*_unused(client, [outcome]), *_repeated([outcome])]
    message = f"Recorded {percent(accuracy)} of {model} on {task} as {outcome.id}."
    answer(outcome, message, as_json=here.as_json, model=model, task=task)
    warn(warnings)
    if not here.as_json:
        print_next(["outcomes", "list", "--task", task], ["recommend", task])


@app.command("import")
@grouped
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="Columns model,task,accuracy[,protocol][,images][,seed]."
        ),
    ],
    *,
    here: Here,
) -> None:
    """Record the outcomes of a CSV file: all of them, or none when a line is wrong.

    Example: `task2vec outcomes import outcomes.csv`

    It says how to take them back, in case it was the wrong file.
    """
    with here.client() as client:
        outcomes = client.outcomes.import_csv(file)
        warnings = [*_unused(client, outcomes), *_repeated(outcomes)]
    message = (
        f"Recorded {plural(len(outcomes), 'outcome')}. "
        f"To undo: `task2vec outcomes remove --created {outcomes[0].created}`"
    )
    answer({"imported": len(outcomes), "outcomes": outcomes}, message, as_json=here.as_json)
    warn(warnings)
    if not here.as_json:
        print_next(["outcomes", "list"], ["backtest"])


@app.command("list")
@grouped
def list_outcomes(*, which: Kind, here: Here) -> None:
    """List the recorded outcomes.

    Example: `task2vec outcomes list --task birds`
    """
    with here.client() as client:
        outcomes = list(client.outcomes.list(**vars(which), page_size=_PAGE))
    if here.as_json:
        print_json({"outcomes": outcomes})
        return
    if not outcomes:
        none = "No outcomes yet. `task2vec finetune` and `outcomes add` record them."
        none = here.no_store_note() or none
        messages().print("No outcome is of that kind." if which.given() else none)
        return
    _print(outcomes)
    print_next(["recommend", outcomes[0].task], ["backtest"])


app.command("remove")(remove)


def _unused(client: "AnyClient", outcomes: "Sequence[Outcome]") -> list[str]:
    """Return the warning that some of the outcomes are no evidence, [] where all are."""
    unused = without_default(outcomes, EMBEDDING.probe)
    if unused:
        plain = client.outcomes.list(
            model=EMBEDDING.probe, task=_only(o.task for o in unused), page_size=_PAGE
        )
        unused = without_default(unused, EMBEDDING.probe, among=plain)
    return unused_warning(unused, EMBEDDING.probe)


def _repeated(outcomes: "Sequence[Outcome]") -> list[str]:
    """Return the warning that some of the outcomes were there before, [] where none was."""
    return repeated_warning(sum(outcome.repeats is not None for outcome in outcomes))


def _only(names: Iterable[str]) -> str | None:
    """Return the name that all are, None where they differ."""
    distinct = set(names)
    return distinct.pop() if len(distinct) == 1 else None


def _print(outcomes: "Sequence[Outcome]") -> None:
    columns: dict[str, list[Any]] = {
        "id": [o.id for o in outcomes],
        "model": [o.model for o in outcomes],
        "task": [o.task for o in outcomes],
        "accuracy": [percent(o.accuracy) for o in outcomes],
        "95 % interval": [interval(o.interval) for o in outcomes],
        "images": [o.images for o in outcomes],
        "seed": [o.seed for o in outcomes],
        "protocol": [o.protocol for o in outcomes],
        "created": [o.created for o in outcomes],
    }
    kept = _that_tell_apart(columns)
    spare = [name for name in _SPARE if name not in kept]
    rows = list(zip(*columns.values(), strict=True))
    cut = ["model", "task"]
    print_sheet(Sheet("", list(columns), rows, whole=["id"], spare=spare, cut=cut))


def _that_tell_apart(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return the columns in which outcomes of the same model and task differ: as few as do it."""
    kept: list[str] = []
    for column in ("protocol", "images", "seed", "created"):
        names = ("model", "task", *kept)
        before, after = (
            len(set(zip(*(columns[name] for name in shown), strict=True)))
            for shown in (names, (*names, column))
        )
        if after > before:
            kept.append(column)
    return kept
