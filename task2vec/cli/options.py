"""Options that several commands share, so that they are called and explained the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.interruption import InterruptionError

if TYPE_CHECKING:
    from task2vec.sdk.client import Client
    from task2vec.sdk.local import LocalClient

    AnyClient = Client | LocalClient

StoreOption = Annotated[
    Path,
    typer.Option(
        "--store", envvar="TASK2VEC_STORE", help="The folder of the store.", metavar="DIR"
    ),
]
DEFAULT_STORE = Path("task2vec-store")

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="TASK2VEC_URL",
        help="Talk to the server at this address instead of opening a store.",
        metavar="URL",
    ),
]
ApiKeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="TASK2VEC_API_KEY",
        help="The key for the server. Better in the environment: others see a command line.",
        metavar="KEY",
        show_default=False,
    ),
]

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
        "resolution, `?layers=all` has elements for the filters of all layers. A server (`--url`) "
        "takes names alone. Only tasks of one probe can be compared.",
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
EstimatorOption = Annotated[
    str,
    typer.Option(
        "--estimator",
        help="How the labels that the model might give are averaged over. principal: signs on "
        "directions that the head tells apart, the least noise for one pass an image. exact: no "
        "noise of labels, one pass a class. rademacher, hadamard: signs on the plain root. "
        "categorical: labels drawn as published, much noisier. empirical: the labels of the data "
        "set; that is another quantity, and its tasks are compared with each other only.",
    ),
]
DEFAULT_ESTIMATOR_NAME = "principal"
DrawsOption = Annotated[
    int,
    typer.Option(
        "--draws",
        min=1,
        help="Label draws, passes, for each image. More images are mostly the better use of time: "
        "draws lessen the noise of signs alone. principal is exact from one less than the classes.",
    ),
]

StandardErrorOption = Annotated[
    float | None,
    typer.Option(
        "--standard-error",
        min=1e-6,
        max=2,
        metavar="E",
        help="Stop as soon as the standard error is down to this: --images is then the most that "
        "are used. When all have been and it is not reached, up to three more passes follow, each "
        "with draws of its own.",
    ),
]


def check_estimator(name: str) -> None:
    """Raise `SettingError` for a name that is no estimator's."""
    from task2vec.errors import SettingError
    from task2vec.types import Estimator

    if name not in list(Estimator):
        raise SettingError("Unknown estimator", expected=f"one of {', '.join(Estimator)}", got=name)


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


@contextmanager
def open_client(store: Path, url: str | None, api_key: str | None) -> "Iterator[AnyClient]":
    """Open the client of a server, where one is named, else of a store's folder.

    An interruption is told with what goes on at the server, and how to find it.
    """
    client: AnyClient
    if url:
        from task2vec.sdk.client import Client

        client = Client(url, api_key)
    else:
        from task2vec.sdk.local import LocalClient

        client = LocalClient(store)
    with client:
        try:
            yield client
        except KeyboardInterrupt as interruption:
            notes = getattr(interruption, "__notes__", ())
            if notes:
                raise InterruptionError(*notes) from interruption
            raise
