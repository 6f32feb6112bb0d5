"""Options that several commands share, in bundles: called, explained and read in one place."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from task2vec.cli.place import place
from task2vec.cli.progress import bars, work_bar
from task2vec.data.paths import DEFAULT_STORE
from task2vec.messages.base import MOST_WHOLE
from task2vec.messages.settings import EmbeddingSettings
from task2vec.types.estimator import Estimator

if TYPE_CHECKING:
    from task2vec.client.backend import OnProgress
    from task2vec.client.client import Client
    from task2vec.client.local import LocalClient

    AnyClient = Client | LocalClient

#: How a data set is embedded where no option says otherwise.
EMBEDDING = EmbeddingSettings()


class InterruptionError(Exception):
    """Somebody interrupted the command; its arguments tell what became of what was begun.

    Typer lets it through: of a `KeyboardInterrupt` it would leave an exit code alone.
    """


AsJson = Annotated[
    bool,
    typer.Option("--json", envvar="TASK2VEC_JSON", help="Print JSON for a program."),
]
Store = Annotated[
    Path,
    typer.Option(
        "--store",
        envvar="TASK2VEC_STORE",
        help="The folder of the store.",
        metavar="DIR",
        callback=place.set_store,
    ),
]
_Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="TASK2VEC_URL",
        help="Talk to the server at this address instead of opening a store.",
        metavar="URL",
        callback=place.set_url,
    ),
]
_ApiKey = Annotated[
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


@dataclass(frozen=True)
class Local:
    """The store on this machine that a command works on, and how the command answers."""

    store: Store = Path(DEFAULT_STORE)
    as_json: AsJson = False


@dataclass(frozen=True)
class Server:
    """The server that a command talks to, and how the command answers."""

    url: _Url = None
    api_key: _ApiKey = None
    as_json: AsJson = False


@dataclass(frozen=True)
class Here:
    """The store or server that a command works on, and how the command answers."""

    store: Store = Path(DEFAULT_STORE)
    url: _Url = None
    api_key: _ApiKey = None
    as_json: AsJson = False

    @contextmanager
    def client(self) -> "Iterator[AnyClient]":
        """Open the client of a server, where one is named, else of a store's folder.

        An interruption prints what goes on at the server, and how to find it.
        """
        client: AnyClient
        if self.url:
            from task2vec.client.client import Client

            client = Client(self.url, self.api_key)
        else:
            from task2vec.client.local import LocalClient

            client = LocalClient(self.store)
        with client:
            try:
                yield client
            except KeyboardInterrupt as interruption:
                notes = getattr(interruption, "__notes__", ())
                if notes:
                    raise InterruptionError(*notes) from interruption
                raise

    @contextmanager
    def work(self, name: str) -> "Iterator[tuple[AnyClient, OnProgress]]":
        """Open the client, and a bar for a piece of work that it does."""
        with self.client() as client, bars() as progress:
            yield client, work_bar(progress, name)

    def no_store_note(self) -> str | None:
        """Return the sentence that there is no store, with the near one; None where there is."""
        from task2vec.service.workspace import missing_store

        missing = None if self.url else missing_store(self.store)
        return None if missing is None else str(missing)


Images = Annotated[
    int,
    typer.Option(
        "--images",
        min=2,
        help="How many images are used at most, spread evenly over the classes. More images give "
        "less noise.",
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, help="Seed for the draw of images and of random signs.")
]
Probe = Annotated[
    str,
    typer.Option(
        "--probe",
        help="The probe network: a name from `task2vec probes`, `timm:NAME`, or "
        "`file:PATH.safetensors?arch=NAME`. Append `?input_size=PIXELS` to change the resolution, "
        "`?layers=all` to use the filters of all layers. A server (`--url`) takes names only. Only "
        "tasks embedded with the same probe can be compared.",
    ),
]


@dataclass(frozen=True)
class EmbeddingOptions:
    """How a source is embedded to be stored."""

    probe: Probe = EMBEDDING.probe
    images: Images = EMBEDDING.images
    estimator: Annotated[
        Estimator,
        typer.Option(
            help="How the Fisher information averages over the labels that the model predicts. "
            "principal: random signs on the directions that the head uses; least noise for one "
            "pass per image. exact: no sampling of labels, one pass per class. rademacher, "
            "hadamard: random signs without those directions. categorical: labels drawn as in the "
            "paper, much noisier. empirical: the labels of the data set; a different quantity, "
            "only comparable with itself.",
        ),
    ] = EMBEDDING.estimator
    draws: Annotated[
        int,
        typer.Option(
            min=1,
            help="Label draws per image, each of which is one pass. More images usually help more: "
            "draws only reduce the noise of the random signs. With one draw fewer than there are "
            "classes, principal is exact.",
        ),
    ] = EMBEDDING.draws
    standard_error: Annotated[
        float | None,
        typer.Option(
            min=1e-6,
            max=2,
            metavar="E",
            help="Stop as soon as the standard error is this small; --images is then the maximum. "
            "If all images do not suffice, up to three more passes follow, each with new draws.",
        ),
    ] = EMBEDDING.standard_error
    seed: Seed = EMBEDDING.seed
    class_pictures: Annotated[
        bool,
        typer.Option(
            help="Keep small pictures of the images by class in the store: up to 4 a class, of at "
            "most 64 pixels."
        ),
    ] = True


@dataclass(frozen=True)
class SourceOptions:
    """How a source is embedded that a question is about."""

    probe: Annotated[
        str | None,
        typer.Option(
            "--probe",
            help="The probe network that a source is embedded with, as for `embed`. A stored task "
            "has its own, and another one is refused.",
            show_default=EMBEDDING.probe,
        ),
    ] = None
    images: Images = EMBEDDING.images
    seed: Seed = EMBEDDING.seed


#: The time that a person has.
HowLong = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION",
        help="The time you have for measuring and training, such as 10m or 1h30m: what takes "
        "longer is not recommended.",
    ),
]
Examples = Annotated[
    Path, typer.Option(help="The folder with the example tasks: `examples` of the repository.")
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

_UNITS = {"": 0, "k": 3, "m": 6, "g": 9, "b": 9}
# Commas part thousands only: 1,5M is no count.
_COUNT = re.compile(
    r"((?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d+)?(?:e\d{1,2})?) ?([kmgb]?)", flags=re.IGNORECASE
)
#: How an option of a large count is shown in its help.
COUNT = "COUNT"


def count(given: Any) -> int:
    """Return a whole number from 1 to 2^53; raises `ValueError` in words for a person.

    >>> [count(text) for text in ("6M", "4.7m", "6e6", "6_000_000", "6,000,000", "1B")]
    [6000000, 4700000, 6000000, 6000000, 6000000, 1000000000]
    """
    text = str(given).strip()
    match = _COUNT.fullmatch(text)
    if match:
        number, unit = match.groups()
        value = Decimal(re.sub("[_,]", "", number)).scaleb(_UNITS[unit.lower()])
        if value == int(value) and 1 <= value <= MOST_WHOLE:
            return int(value)
    raise ValueError(f"expected a count of at least 1, such as 6000000, 6M or 6e6, got '{text}'")


@dataclass(frozen=True)
class ModelLimits:
    """What a model may need at most, and what it has to be."""

    max_parameters: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar=COUNT,
            help="Only models of at most this many parameters, such as 6M. They are counted as "
            "published, with ImageNet's classifier: an expert has as many as the model it came "
            "from.",
        ),
    ] = None
    max_input_size: Annotated[
        int | None,
        typer.Option(min=1, help="Only models with at most this input size, in pixels per side."),
    ] = None
    architecture: Annotated[
        str | None, typer.Option(help="Only this architecture; `*` stands for anything.")
    ] = None
    licence: Annotated[str | None, typer.Option(help="Only models of this licence.")] = None
