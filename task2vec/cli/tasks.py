"""Commands on single tasks: embed, show, export, remove, list."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_ESTIMATOR_NAME,
    DEFAULT_PROBE_NAME,
    DEFAULT_STORE,
    ApiKeyOption,
    DrawsOption,
    EstimatorOption,
    ImagesOption,
    JsonOption,
    ProbeOption,
    SeedOption,
    StandardErrorOption,
    StoreOption,
    UrlOption,
    check_estimator,
    no_store_note,
    open_client,
)
from task2vec.cli.output import (
    in_place,
    messages,
    print_answer_json,
    print_facts,
    print_json,
    print_next,
    print_table,
    warn,
)
from task2vec.cli.progress import bars, work_bar
from task2vec.client.show.record import of_task

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
            help="A folder with one sub-folder of images per class, with train, val and test "
            "folders above them if you have splits; the same as .zip or .tar; a .csv or .jsonl "
            "list with the columns path,label[,split]; a .parquet file; or a .npz file with the "
            "arrays images and labels.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the task. Default: the name of the folder or file.")
    ] = None,
    probe: ProbeOption = DEFAULT_PROBE_NAME,
    images: ImagesOption = 300,
    estimator: EstimatorOption = DEFAULT_ESTIMATOR_NAME,
    draws: DrawsOption = 1,
    standard_error: StandardErrorOption = None,
    seed: SeedOption = 0,
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
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Embed a labelled image set and add it to the store.

    Example: `task2vec embed photos/birds --tag animals`

    Images that cannot be read are replaced by others of their class, with a warning. If the source
    cannot be embedded, the store does not change.
    """
    check_estimator(estimator)
    with open_client(store, url, api_key) as client, bars() as progress:
        record = client.embed(
            source,
            name=name,
            probe=probe,
            images=images,
            estimator=estimator,
            draws=draws,
            standard_error=standard_error,
            seed=seed,
            tags=tag or (),
            update=update,
            progress=work_bar(progress, name or Path(source).name),
        )
        if as_json:
            print_answer_json(record)
            return
        details = client.tasks.get(record.id)
    warn(record.warnings)
    print_facts(of_task(details))
    print_next(["neighbours", record.name], ["recommend", record.name])


def show_task(
    task: TaskArgument,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a stored task and how it was embedded.

    Example: `task2vec show birds`
    """
    with open_client(store, url, api_key) as client:
        found = client.tasks.get(task)
    if as_json:
        print_answer_json(found)
        return
    print_facts(of_task(found))
    print_next(["neighbours", found.name], ["recommend", found.name])


def export(
    task: TaskArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="Where to write it.")],
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a task's embedding to a NumPy archive: values, errors and provenance.

    Example: `task2vec export birds birds.npz`
    """
    earlier = in_place(file)
    with open_client(store, url, api_key) as client:
        record = client.tasks.export(task, file)
    if as_json:
        print_answer_json(record, file=str(file))
    else:
        messages().print(f"Wrote {record.name} to {file}{earlier}.")


def remove(
    task: TaskArgument,
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Remove its experts and outcomes with it.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a task from the store; its images stay where they are.

    Example: `task2vec remove birds`
    """
    with open_client(store, url, api_key) as client:
        record = client.tasks.remove(task, cascade=cascade)
    if as_json:
        print_answer_json(record)
    else:
        messages().print(f"Removed {record.name}.")


def list_tasks(
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the stored tasks.

    Example: `task2vec list --tag animals`
    """
    with open_client(store, url, api_key) as client:
        records = list(client.tasks.list(tag=tag))
    if as_json:
        print_json({"tasks": [record.model_dump(mode="json") for record in records]})
        return
    if not records:
        none = no_store_note(store, url) or "No tasks yet. Add one with `task2vec embed FOLDER`."
        messages().print(none if tag is None else f"No task has the tag '{tag}'.")
        return
    print_table(
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
    print_next(["neighbours", records[0].name], ["show", records[0].name])
