"""Options that several commands share, so that they are called and explained the same."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from task2vec.embedding.settings import EmbeddingSettings
    from task2vec.service.workspace import Workspace

StoreOption = Annotated[
    Path,
    typer.Option(
        "--store", envvar="TASK2VEC_STORE", help="The folder of the store.", metavar="DIR"
    ),
]
DEFAULT_STORE = Path("task2vec-store")

JsonOption = Annotated[
    bool,
    typer.Option("--json", envvar="TASK2VEC_JSON", help="Print JSON for a program."),
]

ProbeOption = Annotated[
    str,
    typer.Option(
        "--probe",
        help="The probe network: a name that `task2vec probes` shows, `timm:NAME`, or "
        "`file:PATH.safetensors?arch=NAME`; `?input_size=PIXELS` behind a name changes the "
        "resolution. Only tasks of one probe can be compared.",
    ),
]
DEFAULT_PROBE_NAME = "efficientnet_lite0"

ImagesOption = Annotated[
    int,
    typer.Option(
        "--images",
        min=2,
        help="How many images are used, spread evenly over the classes. More images, less noise.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Which images and signs are drawn.")]

TaskOrSource = Annotated[
    str,
    typer.Argument(
        metavar="TASK_OR_SOURCE",
        help="A task in the store by name or id, which wins; else a folder, archive or list "
        "(`./x` is always a path).",
        show_default=False,
    ),
]


def open_workspace(store: Path) -> "Workspace":
    """Return the workspace of a store's folder; nothing is opened yet."""
    from task2vec.service.workspace import Workspace

    return Workspace(store)


def embedding_settings(images: int, seed: int) -> "EmbeddingSettings":
    """Return the settings of an embedding, the rest at its defaults."""
    from task2vec.embedding.settings import EmbeddingSettings

    return EmbeddingSettings(images=images, seed=seed)
