"""The command information."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import EMBEDDING, AsJson, Images, Probe, Seed
from task2vec.cli.output import (
    check_picture,
    console,
    in_place,
    messages,
    print_json,
    print_sheet,
    warn,
)
from task2vec.cli.progress import bars, fit_bar
from task2vec.client.show.information import headline, of_curve, of_layers_needed, reading

if TYPE_CHECKING:
    from task2vec.messages.information import TaskInformation

app = typer.Typer()


@app.command("information")
@grouped
def information(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A labelled image set, as `embed` takes it. Nothing is stored."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.png",
            help="Draw the curve, loss against nats, to a .png, .svg or .pdf.",
        ),
    ] = None,
    beta: Annotated[
        float,
        typer.Option(
            metavar="PRICE",
            help="The price of information: how much loss one nat may cost, times the number of "
            "images. With a small one nearly every weight is kept, with a large one noise hides "
            "the task.",
        ),
    ] = 1e-5,
    betas: Annotated[
        str,
        typer.Option(
            metavar="PRICES", help="The prices for which the curve is drawn, separated by commas."
        ),
    ] = "1e-7,1e-6,1e-5,1e-4,1e-3",
    images: Images = 100,
    probe: Probe = EMBEDDING.probe,
    seed: Seed = 0,
    prior_std: Annotated[
        float | None,
        typer.Option(
            metavar="WIDTH",
            help="The prior's standard deviation in every layer. Default: the root mean square "
            "weight of each layer.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            help="A fit has converged when the relative gradient over all weights and its sampling "
            "error are at most this.",
        ),
    ] = 0.3,
    rounds: Annotated[
        int, typer.Option(min=1, help="At most this many rounds for each beta.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Measure how much information a task needs in the probe's weights, in nats per layer.

    Example: `task2vec information photos/birds -o curve.png`

    Each weight gets as much noise as the loss allows (the information Lagrangian). The information
    is what the precision that is left is worth, in nats. `--betas` draw it against the loss. The
    weights stay as pretraining left them, so the nats leave out how far fine-tuning moves them. All
    weights of a filter share one noise level. At the defaults a large beta takes about a minute on
    two cores, the smallest some minutes.
    """
    from task2vec.data.open import open_source
    from task2vec.probe.registry import find_card

    # What can be refused is refused before torch is loaded.
    if output is not None:
        check_picture(output)
    find_card(probe)
    task = open_source(source)
    from task2vec.embedding.engine import LocalEngine
    from task2vec.embedding.information import InformationSettings, measure_information
    from task2vec.fisher.variational import FitState, Stopping

    settings = InformationSettings(
        images=images,
        beta=beta,
        betas=_numbers(betas),
        seed=seed,
        prior_std=prior_std,
        stopping=Stopping(tolerance, rounds=rounds),
    )
    with bars() as progress:
        tell = fit_bar(progress, task.name, betas=len(settings.betas), rounds=rounds)

        def show(at: float, state: FitState) -> None:
            tell(settings.betas.index(at), f"{at:g}", state.round, state.gradient, state.error)

        answer = measure_information(task, LocalEngine().probe(probe), settings, show)
    earlier = ""
    if output is not None:
        earlier = in_place(output)
        _draw(answer, output)
    if as_json:
        print_json(answer)
        return
    warn(answer.warnings)
    _print(answer)
    if output is not None:
        messages().print(f"Drew the curve to {output}{earlier}.")


def _numbers(text: str) -> tuple[float, ...]:
    from task2vec.errors import SettingError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SettingError(
            "The betas cannot be read",
            expected="numbers with commas between them, such as 1e-6,1e-5",
            got=repr(text),
        ) from None


def _draw(answer: "TaskInformation", output: Path) -> None:
    from task2vec.plots.curve import compose_curve
    from task2vec.plots.figure import save

    figure = compose_curve(
        answer.curve,
        title=f"Information that {answer.task} needs in {answer.probe}",
        loss_of_guessing=answer.loss_of_guessing,
        nats_of_place=answer.nats_of_place,
    )
    save(figure, output)


def _print(answer: "TaskInformation") -> None:
    out = console()
    out.print(headline(answer), style="bold")
    for line in reading(answer):
        out.print(line)
    for sheet in (of_layers_needed(answer), of_curve(answer)):
        out.print(sheet.title)
        print_sheet(sheet)
