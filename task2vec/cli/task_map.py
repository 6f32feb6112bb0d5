"""The command map."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.bundles import bundled
from task2vec.cli.options import Here
from task2vec.cli.output import in_place, messages, print_json, print_next, warn
from task2vec.cli.progress import bars
from task2vec.data.wording import plural

app = typer.Typer()


@app.command("map")
@bundled
def draw_map(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.png", help="A .png, .svg or .pdf. Default: map.png."
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="mds keeps distances; tsne and umap keep neighbourhoods.")
    ] = "mds",
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Show four images of each task.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of tsne and umap.")] = 0,
    *,
    here: Here,
) -> None:
    """Draw a map of the stored tasks, on which near tasks lie near each other.

    Example: `task2vec map -o map.png --thumbnails`

    The colour of a task stands for its first tag, or for its number of classes where no task has a
    tag. An existing picture is written over. `--json` prints the points, and writes a picture only
    with `-o`.
    """
    from task2vec.errors import SettingError
    from task2vec.messages.catalogue import MapMethod

    if method not in list(MapMethod):
        raise SettingError("Unknown method", expected=f"one of {', '.join(MapMethod)}", got=method)
    target = output or (None if here.as_json else Path("map.png"))
    earlier = in_place(target) if target else ""
    with here.client() as client, bars() as progress:
        progress.add_task("drawing the map", total=None)
        answer = client.map(target, method=method, tag=tag, thumbnails=thumbnails, seed=seed)
    warn(answer.warnings)
    if here.as_json:
        print_json(answer)
        return
    messages().print(
        f"Drew {plural(len(answer.points), 'task')} to {target}{earlier} "
        f"(stress {answer.stress:.2f})."
    )
    print_next(["neighbours", answer.points[0].name])
