"""Commands on single tasks: embed, show, export, remove, list."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from task2vec.cli.options import (
    DEFAULT_PROBE_NAME,
    DEFAULT_STORE,
    ImagesOption,
    JsonOption,
    ProbeOption,
    SeedOption,
    StoreOption,
    embedding_settings,
    open_workspace,
)
from task2vec.cli.output import console, messages, print_json, print_table, show, warn
from task2vec.cli.progress import bars, embedding_bar
from task2vec.data.wording import plural
from task2vec.types import TaskRecord

TaskArgument = Annotated[
    str, typer.Argument(metavar="TASK", help="A task in the store, by name or id.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("embed")(embed)
    app.command("show")(show_task)
    app.command("export")(export)
    app.command("remove")(remove)
    app.command("list")(list_tasks)


def embed(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder with one sub-folder of images for each class (train/val/test splits may "
            "lie above them), the same as .zip or .tar, a .csv or .jsonl list with the columns "
            "path,label[,split], or a .npz with the arrays images and labels.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="Default: the source's own name.")] = None,
    probe: ProbeOption = DEFAULT_PROBE_NAME,
    images: ImagesOption = 300,
    estimator: Annotated[
        str, typer.Option(help="rademacher, exact, or categorical (the published method).")
    ] = "rademacher",
    draws: Annotated[int, typer.Option(min=1, help="Label draws for each image.")] = 1,
    seed: SeedOption = 0,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag, such as the family; may be repeated.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace the task of this name.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Embed a labelled image set and add it to the store.

    Example: `task2vec embed photos/birds --tag animals`

    Images that cannot be read are replaced by others of their class and reported as warnings. A
    source that cannot be embedded leaves the store as it was.
    """
    from dataclasses import replace

    from task2vec.errors import SettingError
    from task2vec.service.tasks import EmbedRequest
    from task2vec.service.tasks import embed as run
    from task2vec.types import Estimator

    if estimator not in list(Estimator):
        raise SettingError(
            "Unknown estimator", expected=f"one of {', '.join(Estimator)}", got=estimator
        )
    settings = replace(
        embedding_settings(images, seed), estimator=Estimator(estimator), draws=draws
    )
    with open_workspace(store) as workspace, bars() as progress:
        request = EmbedRequest(
            source=source,
            name=name,
            probe=probe,
            settings=settings,
            tags=tuple(tag or ()),
            update=update,
        )
        record = run(workspace, request, embedding_bar(progress, name or Path(source).name))
    if as_json:
        print_json(record.to_json())
        return
    warn(record.warnings)
    _print_record(record)
    messages().print(
        f"Next: `task2vec neighbours {record.name}`, or `task2vec recommend {record.name}`."
    )


def show_task(
    task: TaskArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False
) -> None:
    """Show a stored task with everything that its embedding depends on."""
    with open_workspace(store) as workspace:
        record = workspace.store().tasks.get(task)
    if as_json:
        details = {
            "provenance": record.provenance.to_json(),
            "source": record.source,
            "created": record.created,
        }
        print_json({**record.to_json(), **details})
        return
    _print_record(record)


def export(
    task: TaskArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="Where to write it.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Write a task's embedding to a NumPy archive: values, errors and provenance."""
    from task2vec.service.tasks import export as run

    with open_workspace(store) as workspace:
        record = run(workspace, task, file)
    if as_json:
        print_json({**record.to_json(), "file": str(file)})
    else:
        messages().print(f"Wrote {record.name} to {file}.")


def remove(
    task: TaskArgument,
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Remove its experts and outcomes with it.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Remove a task from the store; its images stay where they are."""
    from task2vec.service.zoo import remove_task

    with open_workspace(store) as workspace:
        record = remove_task(workspace, task, cascade=cascade)
    if as_json:
        print_json(record.to_json())
    else:
        messages().print(f"Removed {record.name}.")


def list_tasks(
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """List the stored tasks."""
    with open_workspace(store) as workspace:
        opened = workspace.existing_store()
        records = opened.tasks.list(tag=tag) if opened else []
    if as_json:
        print_json({"tasks": [record.to_json() for record in records]})
        return
    if not records:
        none = "No tasks yet. Add one with `task2vec embed FOLDER`."
        messages().print(none if tag is None else f"No task has the tag '{tag}'.")
        return
    print_table(
        ["name", "classes", "images", "complexity", "repeat distance", "tags", "probe"],
        [
            (
                record.name,
                record.provenance.classes,
                record.provenance.images,
                record.complexity,
                record.provenance.standard_error,
                " ".join(record.tags),
                record.provenance.probe_name,
            )
            for record in records
        ],
    )


def _print_record(record: TaskRecord) -> None:
    provenance = record.provenance
    head = provenance.head
    lines = {
        "name": record.name,
        "id": record.id,
        "tags": " ".join(record.tags) or "-",
        "images": f"{provenance.images} of {provenance.classes} classes",
        "complexity": show(record.complexity),
        "repeat distance": f"{show(provenance.standard_error)} (standard error: "
        "how far two repeats would be apart)",
        "probe": f"{provenance.probe_name} ({provenance.space.probe[:12]})",
        "estimator": f"{provenance.estimator}, {plural(provenance.draws, 'draw')} an image, "
        f"seed {provenance.seed}",
        "head": f"{'converged' if head.converged else 'NOT CONVERGED'} in {head.iterations} "
        f"iterations, training accuracy {100 * head.training_accuracy:.1f} %",
        "content": provenance.content_hash[:12],
        "source": record.source,
        "seconds": f"{record.seconds:.1f}",
    }
    width = max(map(len, lines))
    for key, value in lines.items():
        console().print(Text.assemble((f"{key:<{width}}", "bold"), f"  {value}"), soft_wrap=True)
