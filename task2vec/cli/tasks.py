"""Commands on single tasks: embed, show, export, remove, list."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import EmbeddingOptions, Here
from task2vec.cli.output import answer, in_place, print_json, warn
from task2vec.client.show.record import of_task
from task2vec.client.show.sheet import Sheet

TaskArgument = Annotated[
    str, typer.Argument(metavar="TASK", help="A task in the store, by name or id.")
]


app = typer.Typer()


@app.command("embed")
@grouped
def embed(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder with one sub-folder of images per class, with train, val and test "
            "folders above them if you have splits; the same as .zip or .tar; a .csv or .jsonl "
            "list with the columns path,label[,split]; a .parquet file; or a .npz file with the "
            "arrays images and labels.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the task. Default: the name of the folder or file.")
    ] = None,
    *,
    how: EmbeddingOptions,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="A tag, such as animals. Repeat the option for several."),
    ] = None,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Replace the stored task of this name. It keeps its tags unless new ones are "
            "given.",
        ),
    ] = False,
    here: Here,
) -> None:
    """Embed a labelled image set and add it to the store.

    Example: `task2vec embed photos/birds --tag animals`

    Images that cannot be read are replaced by others of their class, with a warning. If the source
    cannot be embedded, the store does not change.
    """
    with here.work(name or Path(source).name) as (client, tell):
        record = client.embed(
            source,
            name=name,
            **vars(how),
            tags=tag or (),
            update=update,
            progress=tell,
        )
        if here.as_json:
            print_json(record)
            return
        details = client.tasks.get(record.id)
    warn(record.warnings)
    answer(details, of_task(details), as_json=False, then=_after(record.name))


@app.command("show")
@grouped
def show_task(task: TaskArgument, *, here: Here) -> None:
    """Show a stored task and how it was embedded.

    Example: `task2vec show birds`
    """
    with here.client() as client:
        details = client.tasks.get(task)
    answer(details, of_task(details), as_json=here.as_json, then=_after(details.name))


@app.command("export")
@grouped
def export(
    task: TaskArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="Where to write it.")],
    *,
    here: Here,
) -> None:
    """Write a task's embedding to a NumPy archive: values, errors and provenance.

    Example: `task2vec export birds birds.npz`
    """
    earlier = in_place(file)
    with here.client() as client:
        record = client.tasks.export(task, file)
    message = f"Wrote {record.name} to {file}{earlier}."
    answer(record, message, as_json=here.as_json, file=str(file))


@app.command("remove")
@grouped
def remove(
    task: TaskArgument,
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Remove its experts and outcomes with it.")
    ] = False,
    *,
    here: Here,
) -> None:
    """Remove a task from the store; its images stay where they are.

    Example: `task2vec remove birds`
    """
    with here.client() as client:
        record = client.tasks.remove(task, cascade=cascade)
    answer(record, f"Removed {record.name}.", as_json=here.as_json)


@app.command("list")
@grouped
def list_tasks(
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    bundles: Annotated[bool, typer.Option(help="List the tasks that bundles brought, too.")] = True,
    *,
    here: Here,
) -> None:
    """List the stored tasks. Those of a bundle are called BUNDLE/TASK.

    Example: `task2vec list --tag animals`
    """
    with here.client() as client:
        records = list(client.tasks.list(tag=tag, bundles=bundles))
    if not records:
        none = "No tasks yet. Add one with `task2vec embed FOLDER`."
        none = (here.no_store_note() or none) if tag is None else f"No task has the tag '{tag}'."
        answer({"tasks": []}, none, as_json=here.as_json)
        return
    sheet = Sheet(
        "",
        ["name", "classes", "images", "complexity", "repeat distance", "tags", "probe"],
        [
            (
                record.name,
                record.classes,
                record.images,
                record.complexity,
                record.standard_error,
                " ".join(record.tags),
                record.probe,
            )
            for record in records
        ],
        spare=["repeat distance", "tags", "probe"],
    )
    then = (["neighbours", records[0].name], ["show", records[0].name])
    answer({"tasks": records}, sheet, as_json=here.as_json, then=then)


def _after(task: str) -> list[list[str]]:
    """Return what to type next about a task."""
    return [["neighbours", task], ["recommend", task]]
