"""The command models published."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import COUNT, Here, ModelLimits, count
from task2vec.cli.output import (
    check_picture,
    in_place,
    messages,
    print_json,
    print_next,
    print_sheet,
)
from task2vec.client.show.sheet import Sheet, percent
from task2vec.data.wording import plural
from task2vec.messages.published import Cost, Figure, Order, PublishedQuestion

if TYPE_CHECKING:
    from task2vec.messages.published import PublishedModel

_DEFAULTS = PublishedQuestion()


@dataclass(frozen=True)
class Limits(ModelLimits):
    """What a published model may need at most, and what it has to be."""

    max_operations: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar=COUNT,
            help="At most this many multiply-adds for one image, such as 2G.",
        ),
    ] = None


@grouped
def published(
    *,
    limits: Limits,
    figure: Annotated[
        Figure,
        typer.Option(
            help="The accuracy: on ImageNet's validation images, on these with the labels of ReaL, "
            "on ImageNet-V2, -R(enditions), -A(dversarial) or -Sketch."
        ),
    ] = _DEFAULTS.figure,
    cost: Annotated[
        list[Cost] | None,
        typer.Option(
            help="What accuracy is traded for; may be repeated. Default: parameters.",
            show_default=False,
        ),
    ] = None,
    pareto: Annotated[
        bool,
        typer.Option(
            "--pareto/--all",
            help="Only models that no other beats in accuracy and costs, or all within the limits.",
        ),
    ] = _DEFAULTS.pareto,
    sort: Annotated[
        Order,
        typer.Option(
            help="By accuracy, the best first; by parameters, operations or "
            "input_size, the least first; or by name."
        ),
    ] = _DEFAULTS.sort,
    limit: Annotated[
        int | None, typer.Option(min=1, help="List at most this many, the first by --sort.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PICTURE.png",
            help="Draw accuracy against the first cost: a .png, .svg or .pdf.",
        ),
    ] = None,
    here: Here,
) -> int:
    """List timm's models with published accuracies: what you get for which size.

    Example: `task2vec models published --max-parameters 10000000 --licence apache-2.0 -o trade.png`

    Shown is the Pareto list: of two models that are equally accurate the smaller one, of two that
    are equally small the more accurate one. `--cost operations` trades accuracy for multiply-adds
    instead, `--all` shows the others, too. Register one by `task2vec models add timm:NAME`;
    `recommend` then knows these figures. They say little about your task, so no gain is listed:
    `recommend` measures it on your images. Nothing is downloaded.
    Exit code 3 when nothing is within the limits.
    """
    costs = tuple(dict.fromkeys(cost or _DEFAULTS.costs))
    if output is not None:
        # Before anything is printed.
        check_picture(output)
    with here.client() as client:
        models = list(
            client.models.published(
                **vars(limits),
                figure=figure,
                costs=costs,
                # The picture shows those that are beaten, too.
                pareto=pareto and output is None,
                sort=sort,
            )
        )
        everything = [] if models else list(client.models.published(figure=figure, pareto=False))
    listed = [model for model in models if model.pareto or not pareto]
    shown = listed[:limit]
    if here.as_json:
        print_json({"models": shown})
    elif shown:
        print_published(shown, figure=figure, costs=costs, pareto=pareto, among=len(listed))
        print_next(["models", "add", "timm:NAME"])
    if not models:
        messages().print("No published model is within these limits.")
        for line in _remedies(everything, limits):
            messages().print(line)
        return 3
    if output is not None:
        _draw(models, output, figure=figure, cost=costs[0])
    return 0


def print_published(
    models: Sequence["PublishedModel"],
    *,
    figure: Figure,
    costs: Sequence[Cost],
    pareto: bool,
    among: int,
) -> None:
    """Print the first models of a list of ``among``, and a mark on the best where not all are."""
    sheet = Sheet(
        "",
        [
            *(() if pareto else ("pareto",)),
            *("model", f"accuracy ({figure})", "million parameters", "billion operations"),
            *("pixels", "licence"),
        ],
        [
            (
                *(() if pareto else ("*" if model.pareto else "",)),
                f"{model.name} (the default)" if model.is_default else model.name,
                percent(model.accuracy),
                "-" if model.parameters is None else f"{model.parameters / 1e6:.2f}",
                "-" if model.operations is None else f"{model.operations / 1e9:.2f}",
                model.input_size,
                model.licence,
            )
            for model in models
        ],
        whole=["model"],
        spare=["licence", "pixels", "billion operations"],
    )
    print_sheet(sheet)
    costly = " and ".join(cost.replace("_", " ") for cost in costs)
    say = messages().print
    listed = f"{len(models)} of " if len(models) < among else ""
    say(
        f"{listed}{plural(among, 'model')}. {'Each' if pareto else '*: it'} has the best accuracy "
        f"of all models within the limits that cost no more ({costly})."
    )
    for source in dict.fromkeys(model.source for model in models):
        say(f"Figures: {source}")


def _remedies(everything: Sequence["PublishedModel"], limits: Limits) -> Iterator[str]:
    """Yield what would be found, by the limit that may be meant otherwise."""
    architecture, licence = limits.architecture, limits.licence
    names = sorted({model.architecture for model in everything})
    if architecture is not None and architecture not in names:
        bare = architecture.replace("*", "").replace("?", "")
        close = get_close_matches(bare, names, n=3) or [n for n in names if bare and bare in n][:3]
        if "*" not in architecture and close:
            yield f"Unknown architecture '{architecture}'. Did you mean {' or '.join(close)}?"
        elif "*" not in architecture:
            yield f"Unknown architecture '{architecture}'. A pattern finds more: '*resnet*'."
    licences = sorted({model.licence for model in everything if model.licence})
    if licence is not None and licence.lower() not in map(str.lower, licences):
        yield f"Licences there are: {', '.join(licences)}."
    sizes = [model.parameters for model in everything if model.parameters is not None]
    pixels = [model.input_size for model in everything if model.input_size is not None]
    counts = [model.operations for model in everything if model.operations is not None]
    if sizes and pixels and counts:
        yield (
            f"Of {len(everything)} models the smallest has {min(sizes):,} parameters, the cheapest "
            f"takes {min(counts):,} operations, and the fewest pixels per side are {min(pixels)}. "
            "Loosen a limit."
        )


def _draw(models: Sequence["PublishedModel"], output: Path, *, figure: Figure, cost: Cost) -> None:
    from task2vec.plots.figure import save
    from task2vec.plots.trade import Traded, compose_trade

    points = [
        Traded(model.name, model.accuracy, value, best=model.pareto, default=model.is_default)
        for model in models
        if (value := getattr(model, cost)) is not None
    ]
    earlier = in_place(output)
    save(compose_trade(points, figure=figure, cost=cost), output)
    messages().print(f"Drew {len(points)} models to {output}{earlier}.")
