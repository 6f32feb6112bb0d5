"""The command batch."""

import json
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import EmbeddingOptions, Here
from task2vec.cli.output import console, messages, print_json, print_next, warn
from task2vec.cli.progress import bars, item_bars
from task2vec.client.request import plain_of
from task2vec.client.show.sheet import text_of
from task2vec.data.wording import plural
from task2vec.errors import InputError

if TYPE_CHECKING:
    from task2vec.messages.batches import Item


app = typer.Typer()


@app.command("batch")
@grouped
def batch(
    sources: Annotated[
        Path,
        typer.Argument(
            metavar="DIR_OR_MANIFEST",
            help="A folder whose sub-folders and archives are tasks, or a .csv or .jsonl list with "
            "the columns source[,name][,tags].",
        ),
    ],
    *,
    how: EmbeddingOptions,
    tag: Annotated[list[str] | None, typer.Option(help="A tag for all of them.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace tasks whose source or settings changed.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Only say what would become of each source. Nothing is embedded or stored. With "
            "--url the server answers by checksums, and no image is sent.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write JSON Lines to this file."),
    ] = None,
    here: Here,
) -> int:
    """Embed many sources, such as all folders in a folder.

    Example: `task2vec batch photos --tag animals -o results.jsonl`

    Each is stored when it is done, and a line says so. After an interruption, run the same command
    again: what is stored already is neither sent nor computed twice. A source that fails does not
    stop the others; the exit code is then 1. An empty folder is skipped.
    """
    from task2vec.data.batch_sources import find_items
    from task2vec.messages.batches import ItemStatus

    items = find_items(sources)
    counts: Counter[ItemStatus] = Counter()
    with (
        here.client() as client,
        bars() as progress,
        _opened(output) as file,
    ):
        try:
            overall = progress.add_task("tasks", total=len(items))
            tell, end = item_bars(progress)
            results = client.batch(
                sources,
                **vars(how),
                tags=tag or (),
                update=update,
                dry_run=dry_run,
                progress=tell,
            )
            for item in results:
                counts[item.status] += 1
                end(item.name)
                progress.advance(overall)
                line = _line_of(item, items[item.position].source)
                if file is not None:
                    print(json.dumps(line, allow_nan=False), file=file, flush=True)
                if here.as_json:
                    print_json(line)
                elif output is None:
                    _show(item, line["error"])
                if (
                    item.task is not None
                    and item.status is ItemStatus.EMBEDDED
                    and not here.as_json
                ):
                    warn(f"{item.name}: {warning}" for warning in item.task.warnings)
        except KeyboardInterrupt as interruption:
            if here.url and not getattr(interruption, "__notes__", None):
                interruption.add_note("What was sent goes on at the server.")
            raise
    summary = ", ".join(
        f"{counts[status]} {status.value}" for status in ItemStatus if counts[status]
    )
    messages().print(f"{plural(len(items), 'source')}: {summary}.")
    if not here.as_json:
        again = ["batch", str(sources)]
        print_next(*([again] if dry_run else [["list"], ["map"]]))
    return 1 if counts[ItemStatus.FAILED] or counts[ItemStatus.CANCELLED] else 0


def _line_of(item: "Item", source: Path) -> dict[str, Any]:
    """Return the JSON line of an item."""
    stored = {"name": item.name} if item.task is None else plain_of(item.task)
    return {
        **stored,
        "source": str(source),
        "status": item.status.value,
        "error": None if item.error is None else str(item.error),
    }


def _show(item: "Item", error: str | None) -> None:
    detail = error or ""
    if item.task is not None:
        complexity = text_of(item.task.complexity)
        detail = f"{item.task.images} images, {item.task.classes} classes, complexity {complexity}"
    console().print(f"{item.status.value:<9}  {item.name}  {detail}")


def _opened(output: Path | None) -> AbstractContextManager[TextIO | None]:
    """Open a file of JSON Lines, where one is wanted."""
    if output is None:
        return nullcontext()
    try:
        return output.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} cannot be written", got=error.strerror) from error
