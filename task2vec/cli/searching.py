"""The commands neighbours and distance."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_STORE,
    ApiKeyOption,
    ImagesOption,
    JsonOption,
    QuestionProbeOption,
    SeedOption,
    StoreOption,
    TaskOrSource,
    UrlOption,
    open_client,
)
from task2vec.cli.output import (
    console,
    messages,
    print_answer_json,
    print_next,
    print_sheet,
    warn,
)
from task2vec.cli.progress import bars, work_bar
from task2vec.client.show.neighbours import of_distances, of_neighbours
from task2vec.data.wording import plural
from task2vec.types.geometry import NeighbourGeometry
from task2vec.types.names import visible

if TYPE_CHECKING:
    from task2vec.cli.options import AnyClient
    from task2vec.messages.neighbours import Neighbours

#: Tasks that are counted at most, to say how many neighbours there are.
_COUNTED = 1000


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("neighbours")(neighbours)
    app.command("distance")(distance)


def neighbours(
    task: TaskOrSource,
    k: Annotated[int, typer.Option("-k", min=1, help="How many neighbours to show.")] = 5,
    asymmetric: Annotated[
        bool,
        typer.Option("--asymmetric", help="Order by how good a source each task is for this one."),
    ] = False,
    geometry: Annotated[
        NeighbourGeometry,
        typer.Option(
            help="symmetric: the symmetric distance. centred: the difference from the mean of the "
            "stored tasks, of which it needs 3; not corrected for noise."
        ),
    ] = NeighbourGeometry.SYMMETRIC,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Only tasks with this tag. Repeat the option for several."),
    ] = None,
    min_classes: Annotated[
        int | None, typer.Option(min=1, help="Only tasks with at least this many classes.")
    ] = None,
    max_classes: Annotated[
        int | None, typer.Option(min=1, help="Only tasks with at most this many classes.")
    ] = None,
    probe: QuestionProbeOption = None,
    images: ImagesOption = 300,
    seed: SeedOption = 0,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show the nearest stored tasks.

    Example: `task2vec neighbours birds -k 3`

    0 is the same task, 1 has nothing in common. Distances are corrected for noise, except centred
    ones. Neighbours whose distances differ by less than the noise share a rank. A task marked [i]
    contains images of this one. Exit code 3: the store holds no other task that fits.
    """
    with open_client(store, url, api_key) as client, bars() as progress:
        answer = client.search(
            task,
            k=k,
            asymmetric=asymmetric,
            geometry=geometry,
            tags=tag or (),
            min_classes=min_classes,
            max_classes=max_classes,
            probe=probe,
            images=images,
            seed=seed,
            progress=work_bar(progress, task),
        )
        cut = [] if as_json else _cut(client, task, answer, k, tag or (), min_classes, max_classes)
    found = answer.neighbours
    warn(answer.warnings)
    if as_json:
        print_answer_json(answer, without=("warnings",))
    elif found:
        sheet = of_neighbours(answer, asymmetric=asymmetric, geometry=geometry)
        print_sheet(sheet)
        for note in (*sheet.notes, *cut):
            messages().print(note)
        print_next(["recommend", task])
    if not found:
        messages().print(_nothing(tag or (), min_classes, max_classes))
    return 0 if found else 3


def _cut(
    client: "AnyClient",
    task: str,
    answer: "Neighbours",
    k: int,
    tags: Sequence[str],
    least: int | None,
    most: int | None,
) -> list[str]:
    """Return the note that more tasks are near than are shown, [] where all are shown."""
    found = answer.neighbours
    if len(found) < k:
        return []
    first = tags[0] if tags else None
    listed = list(islice(client.tasks.list(tag=first, page_size=_COUNTED), _COUNTED))
    space = next((each.space for each in listed if each.id == found[0].id), None)
    if len(listed) == _COUNTED or space is None:
        return [f"{k} shown; a larger `-k` may show more."]
    count = sum(
        each.space == space
        and task not in (each.name, each.id)
        and set(tags) <= set(each.tags)
        and (least or 0) <= each.classes <= (most or each.classes)
        for each in listed
    )
    return [f"{k} of {count:,} shown; `-k {count}` shows all."] if count > k else []


def _nothing(tags: Sequence[str], least: int | None, most: int | None) -> str:
    """Return why there are no neighbours."""
    asked = [f"the tag '{visible(tag)}'" for tag in tags]
    asked += [] if least is None else [f"at least {plural(least, 'class')}"]
    asked += [] if most is None else [f"at most {plural(most, 'class')}"]
    if not asked:
        return "The store holds no other task to compare with. Add one: `task2vec embed FOLDER`."
    return (
        f"No other comparable task in the store has {' and '.join(asked)}. "
        "See them all: `task2vec list`."
    )


def distance(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="The name or id of a stored task, or a folder, archive or list, as for "
            "`neighbours`.",
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="The task that it is compared with, given in the same way."
        ),
    ],
    probe: QuestionProbeOption = None,
    images: ImagesOption = 300,
    seed: SeedOption = 0,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all distances between two tasks, both ways.

    Example: `task2vec distance birds photos/dogs`

    *symmetric*: 0 is the same task, 1 has nothing in common. *asymmetric*: how bad a start the
    source is for the target; smaller is better, and it may be negative. *information*: what a
    network that knows the source has to learn for the target, in nats. It is a relative measure:
    compare it between pairs of tasks only.
    """
    with open_client(store, url, api_key) as client, bars() as progress:
        found = client.distance(
            source,
            target,
            probe=probe,
            images=images,
            seed=seed,
            progress=work_bar(progress, f"{source}, {target}"),
        )
    warn(found.warnings)
    if as_json:
        print_answer_json(found, without=("warnings",))
        return
    sheet = of_distances(found)
    if found.same_images:
        console().print(*sheet.notes)
        print_next(["neighbours", source])
        return
    print_sheet(sheet)
    for note in sheet.notes:
        messages().print(note)
    print_next(["neighbours", source], ["recommend", target])
