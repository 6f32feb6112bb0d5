"""The command evaluate."""

from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli.bundles import bundled
from task2vec.cli.options import Here, TaskOrSource
from task2vec.cli.output import check_picture, messages, print_json, print_next, print_sheet, warn
from task2vec.cli.progress import bars, work_bar
from task2vec.client.show.expert import of_evaluation
from task2vec.client.show.values import percent
from task2vec.messages.evaluations import MOST_EVALUATED

app = typer.Typer()


@app.command("evaluate")
@bundled
def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            metavar="EXPERT",
            help="The name or id of an expert, which `task2vec finetune` made; `task2vec models "
            "list` shows all.",
        ),
    ],
    source: TaskOrSource,
    images: Annotated[
        int,
        typer.Option(min=1, max=MOST_EVALUATED, help="At most this many images, drawn at random."),
    ] = MOST_EVALUATED,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawing.")] = 0,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the table of confusions: a .png, .svg or .pdf file.",
        ),
    ] = None,
    *,
    here: Here,
) -> None:
    """Measure the accuracy of an expert on labelled images.

    Example: `task2vec evaluate birds-from-efficientnet_lite0 holiday/birds --picture errors.png`

    SOURCE needs the class names of the expert; images of other classes are left out. A source with
    a test split is evaluated on that split. For each class: how many of its images are recognised,
    which share of the answers with its name is right (precision), and what it is most often taken
    for. `--json` has the whole table of confusions.
    """
    if picture is not None:
        check_picture(picture)
    with here.client() as client, bars() as progress:
        found = client.evaluate(
            model,
            source,
            images=images,
            seed=seed,
            progress=work_bar(progress, f"evaluating on {source}"),
        )
    if picture is not None:
        from task2vec.plots.confusion import compose_confusion
        from task2vec.plots.figure import save

        title = f"{found.model} on {found.source}: {percent(found.accuracy)} of {found.images:,}"
        save(compose_confusion(found.confusion, title=title), picture)
        messages().print(f"Wrote {picture}.")
    if here.as_json:
        print_json(found)
        return
    warn(found.warnings)
    sheet = of_evaluation(found)
    print_sheet(sheet)
    for note in sheet.notes:
        messages().print(note)
    print_next(["predict", found.model, "IMAGES"])
