"""The command map."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_STORE,
    ApiKeyOption,
    JsonOption,
    StoreOption,
    UrlOption,
    open_client,
)
from task2vec.cli.output import messages, print_answer_json, warn
from task2vec.cli.progress import bars


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("map")(draw_map)


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
    seed: Annotated[int, typer.Option(min=0, help="Of tsne and umap.")] = 0,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a map of the stored tasks, on which near tasks lie near each other.

    Example: `task2vec map -o map.png --thumbnails`

    Colour tells the first tag, or the number of classes where there are no tags. With `--json` the
    points are printed, and a picture is only written with `-o`.
    """
    from task2vec.errors import SettingError
    from task2vec.wire.catalogue import MapMethod

    if method not in list(MapMethod):
        raise SettingError("Unknown method", expected=f"one of {', '.join(MapMethod)}", got=method)
    target = output or (None if as_json else Path("map.png"))
    with open_client(store, url, api_key) as client, bars() as progress:
        progress.add_task("drawing the map", total=None)
        found = client.map(target, method=method, tag=tag, thumbnails=thumbnails, seed=seed)
    warn(found.warnings)
    if as_json:
        print_answer_json(found)
    else:
        messages().print(f"Drew {len(found.points)} tasks to {target} (stress {found.stress:.2f}).")
