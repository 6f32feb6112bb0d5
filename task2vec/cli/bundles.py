"""The commands bundle export, import, list and remove."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here
from task2vec.cli.output import answer, in_place, warn
from task2vec.client.show.sheet import Sheet
from task2vec.data.wording import plural
from task2vec.errors import InputError
from task2vec.messages.bundles import SHIPPED, BundleExport, ImportStatus

app = typer.Typer(no_args_is_help=True, help="Share what is known of tasks, without their images.")

BundleArgument = Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle's name.")]
_DEFAULTS = BundleExport.model_construct(name="")
_DONE = {
    ImportStatus.IMPORTED: "Imported",
    ImportStatus.REPLACED: "Replaced the earlier bundle by",
    ImportStatus.UNCHANGED: "Nothing changed: the same contents are here as",
}


@app.command()
@grouped
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    name: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Name of the bundle: letters, digits, `.`, `_` and `-`. Where it is imported, its "
            "tasks are called NAME/TASK.",
        ),
    ],
    version: Annotated[str, typer.Option(help="Version of the bundle.")] = _DEFAULTS.version,
    maker: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who answers for what it says.")
    ] = None,
    licence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[TASK=]NOTE",
            help="A note on the licence of a task, or of all that have none. Repeat the option for "
            "several.",
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK",
            help="A task to share. Repeat the option for several. Default: all of your own.",
        ),
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    class_names: Annotated[
        bool, typer.Option(help="Write the names of classes, not numbers in their place.")
    ] = _DEFAULTS.class_names,
    image_hashes: Annotated[
        bool,
        typer.Option(
            "--image-hashes",
            help="Write hashes of the images, too, by which shared images are found. They tell the "
            "mean colours of a 4 x 4 grid.",
        ),
    ] = _DEFAULTS.image_hashes,
    small: Annotated[
        bool, typer.Option("--small", help="Keep fewer digits, for a smaller file.")
    ] = _DEFAULTS.small,
    *,
    here: Here,
) -> None:
    """Write your tasks to a file that others can import, without an image.

    Example: `task2vec bundle export letters.bundle --name letters --licence "CC0 1.0"`

    The file holds the embeddings with their errors, the names and tags of tasks, the names of
    classes, and the outcomes of packaged models. It holds no image, no path and no weights.
    """
    shared, licences = _licences(licence or [])
    earlier = in_place(file)
    with here.client() as client:
        bundle = client.bundles.export(
            file,
            name=name,
            version=version,
            maker=maker,
            licence=shared,
            licences=licences,
            tasks=task or (),
            tag=tag,
            class_names=class_names,
            image_hashes=image_hashes,
            small=small,
        )
    size = file.stat().st_size
    message = (
        f"Wrote {plural(bundle.tasks, 'task')} and {plural(bundle.outcomes, 'outcome')} to {file}"
        f"{earlier}: {size / 1e6:.1f} MB, SHA-256 of the content {bundle.sha256}."
    )
    if len(bundle.licences) < bundle.tasks:
        without = plural(bundle.tasks - len(bundle.licences), "task")
        warn([f"{without} without a note on the licence: say it with `--licence`"])
    answer(bundle, message, as_json=here.as_json, file=str(file), bytes=size)


@app.command("import")
@grouped
def import_bundle(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=f"A file that `bundle export` wrote, or `{SHIPPED}`, which is a part of task2vec.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the bundle here. Default: as its file says."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace the bundle of this name.")
    ] = False,
    *,
    here: Here,
) -> None:
    """Take in the tasks and outcomes of a bundle, all or none.

    Example: `task2vec bundle import letters.bundle`

    The tasks are called BUNDLE/TASK. They count in `recommend` and `neighbours` as known tasks. The
    same contents are taken in once. What is a part of task2vec counts in any case; imported, it is
    also listed and on the map.
    """
    ships = str(file) == SHIPPED and name is None and not update and not file.exists()
    with here.client() as client:
        if ships:
            bundle = client.bundles.import_shipped()
        else:
            bundle = client.bundles.import_bundle(file, name=name, update=update)
    warn(bundle.warnings)
    message = (
        f"{_DONE[bundle.status]} {bundle.name}, version {bundle.version}: "
        f"{plural(bundle.tasks, 'task')}, {plural(bundle.outcomes, 'outcome')}."
    )
    then = (["list"], ["bundle", "remove", bundle.name])
    answer(bundle, message, as_json=here.as_json, then=then)


@app.command("list")
@grouped
def list_bundles(*, here: Here) -> None:
    """List the bundles that were imported, and the one that is a part of task2vec.

    Example: `task2vec bundle list`
    """
    with here.client() as client:
        bundles = client.bundles.list()
    sheet = Sheet(
        "",
        ["name", "version", "tasks", "outcomes", "maker", "from", "created", "SHA-256"],
        [
            (
                bundle.name,
                bundle.version,
                bundle.tasks,
                bundle.outcomes,
                bundle.maker or "-",
                "task2vec" if bundle.shipped else "import",
                bundle.created[:10],
                bundle.sha256[:12],
            )
            for bundle in bundles
        ],
        spare=["SHA-256", "created", "maker"],
    )
    answer({"bundles": bundles}, sheet, as_json=here.as_json)


@app.command()
@grouped
def remove(
    bundle: BundleArgument,
    cascade: Annotated[
        bool,
        typer.Option(
            "--cascade", help="Remove experts and outcomes of your own on its tasks with it."
        ),
    ] = False,
    *,
    here: Here,
) -> None:
    """Remove a bundle with all tasks and outcomes that it brought.

    Example: `task2vec bundle remove letters`
    """
    with here.client() as client:
        client.bundles.remove(bundle, cascade=cascade)
    answer({"name": bundle}, f"Removed {bundle}.", as_json=here.as_json)


def _licences(given: list[str]) -> tuple[str | None, dict[str, str]]:
    """Return the note on all tasks, and the notes by task; raises `InputError` for two on one."""
    shared, licences = [], dict[str, str]()
    for text in given:
        task, mark, note = text.partition("=")
        if not mark:
            shared.append(text)
        elif task in licences:
            raise InputError(f"There are two notes on the licence of '{task}'")
        else:
            licences[task] = note
    if len(shared) > 1:
        raise InputError("There are two notes on the licence of all tasks", got="; ".join(shared))
    return (shared[0] if shared else None), licences
