"""Options that several commands share, so that they are called and explained the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.interruption import InterruptionError
from task2vec.cli.place import DEFAULT_STORE as DEFAULT_STORE
from task2vec.cli.place import place

if TYPE_CHECKING:
    from task2vec.client.client import Client
    from task2vec.client.local import LocalClient

    AnyClient = Client | LocalClient

StoreOption = Annotated[
    Path,
    typer.Option(
        "--store",
        envvar="TASK2VEC_STORE",
        help="The folder of the store.",
        metavar="DIR",
        callback=place.set_store,
    ),
]

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="TASK2VEC_URL",
        help="Talk to the server at this address instead of opening a store.",
        metavar="URL",
        callback=place.set_url,
    ),
]
ApiKeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="TASK2VEC_API_KEY",
        help="The API key for the server. Set the variable rather than the option: other users of "
        "the machine can see a command line.",
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
        help="The probe network: a name from `task2vec probes`, `timm:NAME`, or "
        "`file:PATH.safetensors?arch=NAME`. Append `?input_size=PIXELS` to change the resolution, "
        "`?layers=all` to use the filters of all layers. A server (`--url`) takes names only. Only "
        "tasks embedded with the same probe can be compared.",
    ),
]
DEFAULT_PROBE_NAME = "efficientnet_lite0"
QuestionProbeOption = Annotated[
    str | None,
    typer.Option(
        "--probe",
        help="The probe network that a source is embedded with, as for `embed`. A stored task has "
        "its own, and another one is refused.",
        show_default=DEFAULT_PROBE_NAME,
    ),
]

ImagesOption = Annotated[
    int,
    typer.Option(
        "--images",
        min=2,
        help="How many images are used at most, spread evenly over the classes. More images give "
        "less noise.",
    ),
]
EstimatorOption = Annotated[
    str,
    typer.Option(
        "--estimator",
        help="How the Fisher information averages over the labels that the model predicts. "
        "principal: random signs on the directions that the head uses; least noise for one pass "
        "per image. exact: no sampling of labels, one pass per class. rademacher, hadamard: random "
        "signs without those directions. categorical: labels drawn as in the paper, much noisier. "
        "empirical: the labels of the data set; a different quantity, only comparable with itself.",
    ),
]
DEFAULT_ESTIMATOR_NAME = "principal"
DrawsOption = Annotated[
    int,
    typer.Option(
        "--draws",
        min=1,
        help="Label draws per image, each of which is one pass. More images usually help more: "
        "draws only reduce the noise of the random signs. With one draw fewer than there are "
        "classes, principal is exact.",
    ),
]

StandardErrorOption = Annotated[
    float | None,
    typer.Option(
        "--standard-error",
        min=1e-6,
        max=2,
        metavar="E",
        help="Stop as soon as the standard error is this small; --images is then the maximum. If "
        "all images do not suffice, up to three more passes follow, each with new draws.",
    ),
]


def check_estimator(name: str) -> None:
    """Raise `SettingError` for a name that is no estimator's."""
    from task2vec.errors import SettingError
    from task2vec.types import Estimator

    if name not in list(Estimator):
        raise SettingError("Unknown estimator", expected=f"one of {', '.join(Estimator)}", got=name)


SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="Seed for the draw of images and of random signs.")
]

TaskOrSource = Annotated[
    str,
    typer.Argument(
        metavar="TASK_OR_SOURCE",
        help="The name or id of a stored task, or a folder, archive or list. A stored name comes "
        "first; `./x` is always a path.",
        show_default=False,
    ),
]


@contextmanager
def open_client(store: Path, url: str | None, api_key: str | None) -> "Iterator[AnyClient]":
    """Open the client of a server, where one is named, else of a store's folder.

    An interruption prints what goes on at the server, and how to find it.
    """
    client: AnyClient
    if url:
        from task2vec.client.client import Client

        client = Client(url, api_key)
    else:
        from task2vec.client.local import LocalClient

        client = LocalClient(store)
    with client:
        try:
            yield client
        except KeyboardInterrupt as interruption:
            notes = getattr(interruption, "__notes__", ())
            if notes:
                raise InterruptionError(*notes) from interruption
            raise


def no_store_note(store: Path, url: str | None) -> str | None:
    """Return the sentence that there is no store, with the near one; None where there is one."""
    from task2vec.store.opening import DATABASE, no_store

    return None if url or (store / DATABASE).exists() else str(no_store(store))
