"""The commands evaluate and predict, of an expert."""

import csv
import io
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here, TaskOrSource
from task2vec.cli.output import (
    answer,
    check_picture,
    console,
    messages,
    print_json,
    print_next,
    print_sheet,
    warn,
)
from task2vec.client.show.expert import of_evaluation
from task2vec.client.show.sheet import Sheet, percent
from task2vec.errors import SettingError
from task2vec.messages.evaluations import MOST_EVALUATED

if TYPE_CHECKING:
    from task2vec.messages.predictions import Prediction

#: Rows of one table: it is printed when it has these, so that 100,000 images need no memory.
_ROWS = 200
#: From this many rows on, longer paths than this are shown below a line with their folder.
_FEWEST_IN_FOLDER, _LONG_PATH = 3, 32
_FACTS = ("path", "label", "probability", "error")


app = typer.Typer()

Expert = Annotated[
    str,
    typer.Argument(
        metavar="EXPERT",
        help="The name or id of an expert, which `task2vec finetune` made; `task2vec models list` "
        "shows all.",
    ),
]


@app.command("evaluate")
@grouped
def evaluate(
    model: Expert,
    source: TaskOrSource,
    images: Annotated[
        int,
        typer.Option(min=1, max=MOST_EVALUATED, help="At most this many images, drawn at random."),
    ] = MOST_EVALUATED,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawing.")] = 0,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Draw the table of confusions: a .png, .svg or .pdf file.",
        ),
    ] = None,
    *,
    here: Here,
) -> None:
    """Measure the accuracy of an expert on labelled images.

    Example: `task2vec evaluate birds-from-efficientnet_lite0 holiday/birds -o errors.png`

    The images need the class names of the expert; others are left out. A source with
    a test split is evaluated on that split. For each class: how many of its images are recognised,
    which share of the answers with its name is right (precision), and what it is most often taken
    for. `--json` has the whole table of confusions.
    """
    if picture is not None:
        check_picture(picture)
    with here.work(f"evaluating on {source}") as (client, tell):
        found = client.evaluate(model, source, images=images, seed=seed, progress=tell)
    if picture is not None:
        from task2vec.plots.confusion import compose_confusion
        from task2vec.plots.figure import save

        title = f"{found.model} on {found.source}: {percent(found.accuracy)} of {found.images:,}"
        save(compose_confusion(found.confusion, title=title), picture)
        messages().print(f"Wrote {picture}.")
    if not here.as_json:
        warn(found.warnings)
    then = [["predict", found.model, "IMAGES"]]
    answer(found, of_evaluation(found), as_json=here.as_json, then=then)


@app.command("predict")
@grouped
def predict(
    model: Expert,
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGES",
            help="Image files, zip or tar archives of images, or folders, which are searched with "
            "all their sub-folders.",
        ),
    ],
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            envvar="TASK2VEC_PREDICT_CSV",
            help="Print CSV: one line per image, one column per class.",
        ),
    ] = False,
    here: Annotated[
        bool,
        typer.Option(
            "--here",
            envvar="TASK2VEC_PREDICT_HERE",
            help="With `--url`: fetch the expert from the server, and keep the images on this "
            "machine.",
        ),
    ] = False,
    *,
    at: Here,
) -> int:
    """Classify new images with an expert.

    Example: `task2vec predict birds-from-efficientnet_lite0 holiday/ garden.jpg --csv > birds.csv`

    The probabilities are calibrated on images that were held out when the expert was made: of the
    answers given with 80 %, about 80 % should be right, for similar images. An image that cannot be
    read is reported, the others are classified, and the exit code is 1. `--json` prints JSON Lines:
    one object per image, as soon as it is classified.

    Archives are read without unpacking them; their images are named by their paths inside. With
    `--url` the images are sent to the server, classified and then removed there. With `--url` and
    `--here` they stay on this machine.
    """
    if as_csv and at.as_json:
        raise SettingError("Choose one form of output", expected="--json or --csv", got="both")
    counts = _Counts()
    with at.work("predicting") as (client, tell):
        predictions = client.predict(
            model,
            images,
            here=here,
            warn=lambda warning: warn([warning]),
            progress=tell,
        )
        if at.as_json:
            for each in counts.of(predictions):
                print_json(each)
        elif as_csv:
            _print_csv(counts.of(predictions))
        else:
            _print_tables(counts.of(predictions))
    read = counts.images - counts.failed
    failed = f", {counts.failed:,} could not be read" if counts.failed else ""
    messages().print(f"{read:,} of {counts.images:,} images classified{failed}.")
    if not (at.as_json or as_csv):
        print_next(["predict", model, *images[:1], "--csv"])
    return 1 if counts.failed else 0


class _Counts:
    """Counts images as they pass."""

    def __init__(self) -> None:
        self.images = self.failed = 0

    def of(self, predictions: "Iterator[Prediction]") -> "Iterator[Prediction]":
        for each in predictions:
            self.images += 1
            if each.error is not None:
                self.failed += 1
                warn([f"{each.path} was not classified: {each.error}"])
            yield each


def _print_tables(predictions: "Iterator[Prediction]") -> None:
    while rows := list(islice(predictions, _ROWS)):
        paths = [each.path for each in rows]
        folder = _common_folder(paths)
        if folder:
            console().print(f"In {folder}:", whole=True)
        cells = [
            (path[len(folder) :], each.label, percent(each.probability), _next(each))
            for path, each in zip(paths, rows, strict=True)
        ]
        print_sheet(Sheet("", ["path", "label", "probability", "next"], cells))


def _common_folder(paths: Sequence[str]) -> str:
    """Return the folder of all paths, up to a slash, where they are too long for a row each."""
    if len(paths) < _FEWEST_IN_FOLDER or max(map(len, paths)) <= _LONG_PATH:
        return ""
    # Cut back to a whole folder: the prefix itself may end within a name.
    shared = os.path.commonprefix(paths)  # noqa: RUF071
    return shared[: shared.rfind("/") + 1]


def _next(prediction: "Prediction") -> str | None:
    """Return the second likeliest class with its probability, None for an unreadable image.

    Why it could not be read is in its warning.
    """
    if prediction.probabilities is None:
        return None
    ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])
    return f"{ranked[1][0]} {percent(ranked[1][1])}" if len(ranked) > 1 else None


def _print_csv(predictions: "Iterator[Prediction]") -> None:
    """Print one line per image; those before the first that could be read wait for the header."""
    waiting: list[Prediction] = []
    classes: Sequence[str] = ()
    for each in predictions:
        waiting.append(each)
        if not classes:
            if each.probabilities is None:
                continue
            classes = tuple(each.probabilities)
            _print_line([*_FACTS, *classes])
        for ready in waiting:
            _print_line(_cells(ready, classes))
        waiting.clear()
    if waiting:
        _print_line(_FACTS)
        for ready in waiting:
            _print_line(_cells(ready, ()))


def _cells(prediction: "Prediction", classes: Sequence[str]) -> list[Any]:
    shares = prediction.probabilities or {}
    facts = (getattr(prediction, fact) for fact in _FACTS)
    return [*facts, *(shares.get(label) for label in classes)]


def _print_line(cells: Sequence[Any]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    if sys.stdout is not None:
        sys.stdout.write(line.getvalue())
        sys.stdout.flush()
