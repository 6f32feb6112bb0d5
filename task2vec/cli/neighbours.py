"""The commands neighbours, distance and map."""

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here, SourceOptions, TaskOrSource
from task2vec.cli.output import answer, console, in_place, messages, print_next, warn
from task2vec.cli.progress import bars
from task2vec.client.show.neighbours import of_distances, of_neighbours
from task2vec.data.wording import plural
from task2vec.messages.catalogue import MapMethod, MapQuestion
from task2vec.messages.neighbours import NeighbourGeometry, SearchQuestion
from task2vec.types.names import visible

if TYPE_CHECKING:
    from task2vec.cli.options import AnyClient
    from task2vec.messages.neighbours import Neighbours

#: Tasks that are counted at most, to say how many neighbours there are.
_COUNTED = 1000

app = typer.Typer()

_DEFAULTS = SearchQuestion.model_construct()
_MAP = MapQuestion()


@dataclass(frozen=True)
class Filters:
    """Which tasks are wanted."""

    tag: Annotated[
        list[str] | None,
        typer.Option(help="Only tasks with this tag. Repeat the option for several."),
    ] = None
    min_classes: Annotated[
        int | None, typer.Option(min=1, help="Only tasks with at least this many classes.")
    ] = None
    max_classes: Annotated[
        int | None, typer.Option(min=1, help="Only tasks with at most this many classes.")
    ] = None

    def nothing(self) -> str:
        """Return why there are no neighbours."""
        wanted = [f"the tag '{visible(tag)}'" for tag in self.tag or ()]
        if self.min_classes is not None:
            wanted.append(f"at least {plural(self.min_classes, 'class')}")
        if self.max_classes is not None:
            wanted.append(f"at most {plural(self.max_classes, 'class')}")
        if not wanted:
            return (
                "The store holds no other task to compare with. Add one: `task2vec embed FOLDER`."
            )
        return (
            f"No other comparable task in the store has {' and '.join(wanted)}. "
            "See them all: `task2vec list`."
        )


@app.command("neighbours")
@grouped
def neighbours(
    task: TaskOrSource,
    k: Annotated[int, typer.Option("-k", min=1, help="How many neighbours to show.")] = _DEFAULTS.k,
    asymmetric: Annotated[
        bool,
        typer.Option(
            "--asymmetric",
            help="Order as sources for this task: of two equally near, the more complex first. To "
            "choose a model, use recommend: this order tells little of gains.",
        ),
    ] = _DEFAULTS.asymmetric,
    geometry: Annotated[
        NeighbourGeometry,
        typer.Option(
            help="symmetric: the symmetric distance. centred: the difference from the mean of the "
            "stored tasks, of which it needs 3; not corrected for noise."
        ),
    ] = _DEFAULTS.geometry,
    *,
    where: Filters,
    how: SourceOptions,
    here: Here,
) -> int:
    """Show the nearest stored tasks.

    Example: `task2vec neighbours birds -k 3`

    0 is the same task, 1 has nothing in common. Distances are corrected for noise, except centred
    ones. Neighbours whose distances differ by less than the noise share a rank. A task marked [i]
    contains images of this one. Exit code 3: the store holds no other task that fits.
    """
    with here.work(task) as (client, tell):
        nearest = client.search(
            task,
            k=k,
            asymmetric=asymmetric,
            geometry=geometry,
            tags=where.tag or (),
            min_classes=where.min_classes,
            max_classes=where.max_classes,
            **vars(how),
            progress=tell,
        )
        cut = [] if here.as_json else _cut(client, task, nearest, k, where)
    near = nearest.neighbours
    warn(nearest.warnings)
    if near or here.as_json:
        sheet = of_neighbours(nearest, asymmetric=asymmetric, geometry=geometry)
        answer(
            nearest,
            replace(sheet, notes=(*sheet.notes, *cut)),
            as_json=here.as_json,
            then=[["recommend", task]],
            without=("warnings",),
        )
    if not near:
        messages().print(where.nothing())
    return 0 if near else 3


def _cut(
    client: "AnyClient", task: str, nearest: "Neighbours", k: int, where: Filters
) -> list[str]:
    """Return the note that more tasks are near than are shown, [] where all are shown."""
    near = nearest.neighbours
    if len(near) < k:
        return []
    tags = where.tag or []
    first = tags[0] if tags else None
    listed = list(islice(client.tasks.list(tag=first, page_size=_COUNTED), _COUNTED))
    space = next((each.space for each in listed if each.id == near[0].id), None)
    if len(listed) == _COUNTED or space is None:
        return [f"{k} shown; a larger `-k` may show more."]
    count = sum(
        each.space == space
        and task not in (each.name, each.id)
        and each.name not in nearest.left_out
        and set(tags) <= set(each.tags)
        and (where.min_classes or 0) <= each.classes <= (where.max_classes or each.classes)
        for each in listed
    )
    return [f"{k} of {count:,} shown; `-k {count}` shows all."] if count > k else []


@app.command("distance")
@grouped
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
    *,
    how: SourceOptions,
    here: Here,
) -> None:
    """Show all distances between two tasks, both ways.

    Example: `task2vec distance birds photos/dogs`

    *symmetric*: 0 is the same task, 1 has nothing in common. *asymmetric*: the symmetric distance,
    made smaller by the complexity of the source; it may be negative, and tells little of gains.
    *information*: the nats that the target needs in the probe's weights beyond those of the source.
    It is a relative measure: compare it between pairs of tasks only.
    """
    with here.work(f"{source}, {target}") as (client, tell):
        distances = client.distance(source, target, **vars(how), progress=tell)
    warn(distances.warnings)
    sheet = of_distances(distances)
    if distances.same_images and not here.as_json:
        console().print(*sheet.notes)
        print_next(["neighbours", source])
        return
    then = (["neighbours", source], ["recommend", target])
    answer(distances, sheet, as_json=here.as_json, then=then, without=("warnings",))


@app.command("map")
@grouped
def draw_map(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.png", help="A .png, .svg or .pdf. Default: map.png."
        ),
    ] = None,
    method: Annotated[
        MapMethod, typer.Option(help="mds keeps distances; tsne and umap keep neighbourhoods.")
    ] = _MAP.method,
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Show four images of each task.")
    ] = _MAP.thumbnails,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of tsne and umap.")] = _MAP.seed,
    *,
    here: Here,
) -> None:
    """Draw a map of the stored tasks, on which near tasks lie near each other.

    Example: `task2vec map -o map.png --thumbnails`

    The colour of a task stands for its first tag, or for its number of classes where no task has a
    tag. An existing picture is written over. `--json` prints the points, and writes a picture only
    with `-o`.
    """
    target = output or (None if here.as_json else Path("map.png"))
    earlier = in_place(target) if target else ""
    with here.client() as client, bars() as progress:
        progress.add_task("drawing the map", total=None)
        drawn = client.map(target, method=method, tag=tag, thumbnails=thumbnails, seed=seed)
    warn(drawn.warnings)
    message = (
        f"Drew {plural(len(drawn.points), 'task')} to {target}{earlier} "
        f"(stress {drawn.stress:.2f})."
    )
    then = [["neighbours", point.name] for point in drawn.points[:1]]
    answer(drawn, message, as_json=here.as_json, then=then)
