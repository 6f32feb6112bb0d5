"""The commands probes, doctor and demo."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Examples, Here
from task2vec.cli.output import answer, messages, print_behind, print_json, print_next
from task2vec.client.show.sheet import Sheet, text_of
from task2vec.data.wording import plural
from task2vec.errors import InputError, Task2VecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from task2vec.service.doctor import Check

# Commands that are printed to be typed next.
_NEXT = 5


app = typer.Typer()


@app.command("probes")
@grouped
def probes(*, here: Here) -> None:
    """List the probes, the networks that embed.

    Example: `task2vec probes`
    """
    with here.client() as client:
        cards = client.probes()
    sheet = Sheet(
        "",
        ["name", "architecture", "pixels", "parameters", "weights", "licence"],
        [
            (
                card.name,
                card.architecture,
                card.input_size,
                card.parameters,
                "packaged" if card.packaged else f"hub ({text_of(card.weights)})",
                card.licence,
            )
            for card in cards
        ],
        whole=["name"],
        spare=["parameters", "licence", "pixels"],
    )
    answer({"probes": cards}, sheet, as_json=here.as_json)


@app.command("doctor")
@grouped
def doctor(
    clean: Annotated[
        bool,
        typer.Option(
            "--clean",
            help="Before the check, remove all files in the store's quarantine for good: files "
            "that the database does not know, and copies that `--drop-damaged` made. Nothing is "
            "removed while a damaged row may belong to such a file. Damaged files in `measured/` "
            "are removed too; `recommend` measures again what they held.",
        ),
    ] = False,
    drop: Annotated[
        bool,
        typer.Option(
            "--drop-damaged",
            help="For a store without a backup: before the check, remove the damaged rows of the "
            "database. What depends on them goes too: the experts and outcomes of a task, the "
            "outcomes of a model. A copy of the database is kept in the quarantine. Stop the "
            "server first.",
        ),
    ] = False,
    *,
    here: Here,
) -> int:
    """Check the installation, the device, the weights and the store.

    Example: `task2vec doctor`

    With `--url` the server is looked at instead. Exit code 1 when something would stop the main
    job.
    """

    from task2vec.service.doctor import State, examine

    if clean:
        _check_local(here.url, "--clean")
        _clean(here.store)
    if drop:
        _check_local(here.url, "--drop-damaged")
        _drop_damaged(here.store)

    marks = {
        State.FINE: ("ok   ", "green"),
        State.NOTE: ("note ", "yellow"),
        State.FAULT: ("FAULT", "red"),
    }
    checks = []
    for check in _examine_server(here, here.url) if here.url else examine(here.store):
        checks.append(check)
        if not here.as_json:
            label = Text.assemble(marks[check.state], "  ", (f"{check.name:<24} ", "bold"))
            print_behind(label, check.found)
            if check.remedy:
                print_behind("       ", f"-> {check.remedy}")
    if here.as_json:
        print_json({"checks": checks})
    return int(any(check.state is State.FAULT for check in checks))


def _check_local(url: str | None, option: str) -> None:
    if url is not None:
        raise InputError(
            f"`{option}` works on a store of this machine",
            expected="no `--url`",
            got=url,
            remedy=f"Run `task2vec doctor {option} --store FOLDER` where the store is, with the "
            "server stopped.",
        )


def _clean(store: Path) -> None:
    """Remove the files in quarantine that no row knows, and damaged measurements.

    Every row that may know a file in quarantine is compared.
    """
    from task2vec.finetuning.probe_cache import remove_damaged
    from task2vec.service.quarantine import remove_aside
    from task2vec.service.workspace import Workspace

    with Workspace(store) as workspace:
        removed = remove_aside(workspace.store())
        damaged = remove_damaged(store)
    message = f"{plural(len(removed), 'file')} removed from the quarantine of {text_of(store)}"
    messages().print(message, soft_wrap=True)
    if damaged:
        message = f"{plural(len(damaged), 'damaged measurement')} removed from {text_of(store)}"
        messages().print(message, soft_wrap=True)


def _drop_damaged(store: Path) -> None:
    """Remove damaged rows, and say what went, where the copy is and what to type next."""
    from task2vec.service.dropping import drop_damaged
    from task2vec.service.workspace import Workspace

    with Workspace(store) as workspace:
        dropped = drop_damaged(workspace)
    out = messages()
    if not dropped.rows:
        out.print(f"No row of {text_of(store)} is damaged: nothing was changed", soft_wrap=True)
        return
    out.print(f"Removed from {text_of(store)}, damaged rows and what hung on them:")
    for table, rows in dropped.rows.items():
        named = dropped.named(table)
        shown = f" ({text_of(', '.join(named))})" if named else ""
        out.print(f"  {table}: {plural(len(rows), 'row')}{shown}", soft_wrap=True)
    out.print(f"The database as it was before: {text_of(dropped.copy)}", soft_wrap=True)
    tasks = dropped.named("tasks")
    again = [
        *(["embed", "SOURCE", "--name", name] for name in tasks),
        *(
            ["embed", "SOURCE", "--name", name, "--update"]
            for name in dropped.incomplete
            if name not in tasks
        ),
        *(["keys", "create", name] for name in dropped.named("keys")),
    ]
    print_next(*again[:_NEXT] or [["list"]])


def _examine_server(here: Here, url: str) -> "Iterator[Check]":
    """Ask what a key with the scope read may ask."""
    from task2vec.service.doctor import Check, State

    try:
        with here.client() as client:
            probes = len(client.probes())
            yield Check("server", State.FINE, f"{url} answers, with {plural(probes, 'probe')}")
            waiting = sum(1 for _ in client.jobs.list(state="queued"))
            yield Check("jobs", State.FINE, f"{plural(waiting, 'job')} waiting for a worker")
    except Task2VecError as error:
        yield Check("server", State.FAULT, error.problem, error.remedy)


@app.command("demo")
@grouped
def demo(
    examples: Examples = Path("examples"),
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the store and the map go.")
    ] = Path("demo-out"),
) -> None:
    """Show everything on example images: embed, compare, recommend, fine-tune, check.

    Example: `task2vec demo --examples examples`

    Takes some minutes on two cores and writes to a folder of its own.
    """
    from task2vec.cli.demo import run

    run(examples, output)
