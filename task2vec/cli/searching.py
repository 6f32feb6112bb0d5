"""The commands neighbours and distance."""

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
    TaskOrSource,
    embedding_settings,
    open_workspace,
)
from task2vec.cli.output import messages, print_json, print_table, warn
from task2vec.cli.progress import bars, embedding_bar


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("neighbours")(neighbours)
    app.command("distance")(distance)


def neighbours(
    task: TaskOrSource,
    k: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 5,
    asymmetric: Annotated[
        bool,
        typer.Option("--asymmetric", help="The best sources for it as target, harder ones first."),
    ] = False,
    probe: ProbeOption = DEFAULT_PROBE_NAME,
    images: ImagesOption = 300,
    seed: SeedOption = 0,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> int:
    """Show the nearest stored tasks.

    Neighbours whose distances differ by less than their standard errors are as near as each other.
    Exit code 3 when the store holds no other task.
    """
    from task2vec.service.search import neighbours as find
    from task2vec.service.subjects import resolve

    with open_workspace(store) as workspace, bars() as progress:
        subject = resolve(
            workspace,
            task,
            probe=probe,
            settings=embedding_settings(images, seed),
            progress=embedding_bar(progress, task),
        )
        found = find(workspace, subject, k=k, asymmetric=asymmetric)
    warn(subject.warnings)
    if as_json:
        print_json({"task": subject.name, "neighbours": [n.to_json() for n in found]})
    elif found:
        kind = "asymmetric distance (as source)" if asymmetric else "symmetric distance"
        print_table(
            ["task", kind, "standard error"],
            [(n.name, n.distance, n.standard_error) for n in found],
        )
    if not found:
        messages().print("The store holds no other task to compare with.")
    return 0 if found else 3


def distance(
    source: TaskOrSource,
    target: TaskOrSource,
    probe: ProbeOption = DEFAULT_PROBE_NAME,
    images: ImagesOption = 300,
    seed: SeedOption = 0,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Show all distances between two tasks, both ways.

    *symmetric*: 0 for the same task, 1 for none in common. *asymmetric*: how bad a start the source
    is for the target; may be negative. *information*: nats that the target needs beyond the source.
    """
    from task2vec.service.search import distances
    from task2vec.service.subjects import resolve

    settings = embedding_settings(images, seed)
    with open_workspace(store) as workspace, bars() as progress:
        first, second = (
            resolve(
                workspace,
                name,
                probe=probe,
                settings=settings,
                progress=embedding_bar(progress, name),
            )
            for name in (source, target)
        )
    found = distances(first, second)
    warn((*first.warnings, *second.warnings))
    if as_json:
        print_json(found.to_json())
        return
    print_table(
        ["distance", f"{found.source} -> {found.target}", f"{found.target} -> {found.source}"],
        [
            ("symmetric", found.symmetric, found.symmetric),
            ("asymmetric", found.asymmetric.source_to_target, found.asymmetric.target_to_source),
            (
                "information (nats)",
                f"{found.information.source_to_target:,.0f}",
                f"{found.information.target_to_source:,.0f}",
            ),
        ],
    )
    messages().print(
        f"Standard error of the symmetric distance: {found.standard_error:.3f}. "
        f"Complexity: {found.source} {found.complexity[0]:.3f}, "
        f"{found.target} {found.complexity[1]:.3f}."
    )
