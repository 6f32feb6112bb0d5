"""The command batch."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

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
from task2vec.cli.output import console, messages, print_json, warn
from task2vec.cli.progress import bars, embedding_bar


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("batch")(batch)


def batch(
    sources: Annotated[
        Path,
        typer.Argument(
            metavar="DIR_OR_MANIFEST",
            help="A folder whose sub-folders and archives are tasks, or a .csv or .jsonl list with "
            "the columns source[,name][,tags].",
        ),
    ],
    probe: ProbeOption = DEFAULT_PROBE_NAME,
    images: ImagesOption = 300,
    seed: SeedOption = 0,
    tag: Annotated[list[str] | None, typer.Option(help="A tag for all of them.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace tasks whose source or settings changed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be embedded.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> int:
    """Embed many sources, one after the other.

    Each is stored when it is done, and a line says so. After an interruption, run the same command
    again: what is stored already is not computed twice. A source that fails does not stop the
    others; the exit code is then 1.
    """
    from task2vec.service.batch_items import find_items
    from task2vec.service.batches import BatchRequest, ItemStatus, run_batch

    items = find_items(sources)
    request = BatchRequest(
        probe=probe,
        settings=embedding_settings(images, seed),
        tags=tuple(tag or ()),
        update=update,
        dry_run=dry_run,
    )
    counts: Counter[ItemStatus] = Counter()
    with open_workspace(store) as workspace, bars() as progress:
        overall = progress.add_task("tasks", total=len(items))
        results = run_batch(
            workspace, items, request, lambda item: embedding_bar(progress, item.name)
        )
        for result in results:
            counts[result.status] += 1
            progress.advance(overall)
            if as_json:
                print_json(result.to_json())
                continue
            known = result.record
            detail = result.error or (
                f"{known.provenance.images} images, {known.provenance.classes} classes, "
                f"complexity {known.complexity:.3f}"
                if known
                else ""
            )
            console().print(
                f"{result.status.value:<9}  {result.item.name}  {detail}",
                soft_wrap=True,
            )
            if known and result.status is ItemStatus.EMBEDDED:
                warn(f"{known.name}: {warning}" for warning in known.warnings)
    summary = ", ".join(
        f"{counts[status]} {status.value}" for status in ItemStatus if counts[status]
    )
    messages().print(f"{len(items)} sources: {summary}.")
    return 1 if counts[ItemStatus.FAILED] else 0
