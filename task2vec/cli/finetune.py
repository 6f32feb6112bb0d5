"""The commands finetune and compare, of starting models."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.next_commands import known_model
from task2vec.cli.option_groups import grouped
from task2vec.cli.options import EMBEDDING, Here, HowLong, Seed, TaskOrSource
from task2vec.cli.output import (
    answer,
    check_picture,
    console,
    messages,
    print_json,
    print_next,
    warn,
)
from task2vec.cli.progress import bars, passing, work_bar
from task2vec.client.show.expert import of_comparison, of_tuned
from task2vec.client.show.recommendation import reasons, verdict
from task2vec.errors import SettingError
from task2vec.messages.recommendation_question import BUDGET
from task2vec.messages.settings import TuningSettings
from task2vec.types.tuning import GOING_ON, Recipe

if TYPE_CHECKING:
    from rich.console import Console

    from task2vec.client.backend import OnProgress
    from task2vec.messages.jobs import Progress as Work


app = typer.Typer()

_TUNING = TuningSettings.model_construct()


@dataclass(frozen=True)
class Tuning:
    """How the starting model is fine-tuned."""

    recipe: Annotated[
        Recipe,
        typer.Option(
            help="What is trained: a classifier, the last stage with it, or all layers. 'auto' "
            "tries a linear probe and all layers, and keeps the better.",
        ),
    ] = _TUNING.recipe
    images: Annotated[
        int,
        typer.Option(
            min=4,
            help="At most this many images are drawn, not counting a test split of the source.",
        ),
    ] = _TUNING.images
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="At most this many epochs. Default: by the number of images, at least 8.",
        ),
    ] = None
    patience: Annotated[
        int, typer.Option(min=1, help="Stop after this many epochs without improvement.")
    ] = _TUNING.patience
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="The peak learning rate. Default: 0.001, or 0.0003 for all layers with few images."
        ),
    ] = None
    seed: Seed = _TUNING.seed


@app.command("finetune")
@grouped
def finetune(
    source: TaskOrSource,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            envvar="TASK2VEC_FINETUNE_FROM",
            help="The starting model; `task2vec models list` shows all.",
            show_default=EMBEDDING.probe,
        ),
    ] = None,
    recommended: Annotated[
        bool,
        typer.Option(
            "--recommended",
            help="Ask as `task2vec recommend` does, and fine-tune that model by that recipe.",
        ),
    ] = False,
    time: HowLong = None,
    budget: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds for measuring models on the images before one is recommended.",
            show_default=f"{BUDGET:g}",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The new expert's name. Default: TASK-from-MODEL.")
    ] = None,
    *,
    tuning: Tuning,
    here: Here,
) -> None:
    """Fine-tune a starting model on a task. The result is called an expert.

    Example: `task2vec finetune photos/dogs --from efficientnet_lite0 --epochs 5`

    Two recipes are tried: a linear probe, which is a classifier on the unchanged features of the
    starting model, and training all layers. The better becomes the expert; with few images that is
    often the linear probe. They are compared on validation images or, with fewer than 30 of these,
    by cross-validation. With `--recipe last-stage`, or another, that one is carried out and nothing
    is chosen: the last stage alone trains several times faster than all layers.

    With `--recommended` model and recipe are those that `task2vec recommend` names after measuring
    for `--budget` seconds. With `--time 10m` besides, only what fits into ten minutes, measuring
    included, is trained.

    The accuracy is measured on a quarter of the images, or on the source's own test split, which
    take no part in training or in the choice. It is recorded as the starting model's outcome on
    this task. The checkpoint (safetensors, timm's names of weights) lies in the store. After an
    interruption the same command continues from the last epoch.
    """
    how, wish = vars(tuning), "as asked for"
    _check_recommended(recommended, start=start, time=time, budget=budget)
    with here.client() as client, bars() as progress:
        if recommended:
            # Measuring takes a while; a name that is taken is known before.
            if name is not None and (model := known_model(client, name)) is not None:
                from task2vec.service.models.zoo import model_name_taken

                raise model_name_taken(model)
            with passing(progress):
                tell = work_bar(progress, f"measuring starting models on {source}")
                seconds = BUDGET if budget is None else budget
                asked = client.recommend(
                    source, recipe=tuning.recipe, budget=seconds, time=time, progress=tell
                )
            if not asked.images_missing:
                warn(asked.warnings)
                for line in (verdict(asked), *reasons(asked)):
                    progress.console.print(line)
            # Without the images nothing can be trained: `finetune` says which are missing.
            start, how = asked.chosen, {**how, "recipe": asked.recipe}
            if tuning.recipe is Recipe.AUTO:
                wish = "as recommended"
            if not asked.images_missing:
                expert = name or f"{asked.task}-from-{asked.chosen}"
                progress.console.print(f"It becomes the expert {expert} of the task {asked.task}.")
        start = start or EMBEDDING.probe
        tell = _saying_where(progress.console, work_bar(progress, f"fine-tuning {source}"))
        result = client.finetune(source, start=start, name=name, **how, progress=tell)
    if here.url is not None and result.resumed is not None:
        # What a worker goes on with is not told before its answer.
        messages().print(f"It went on where an interrupted run had stopped: {result.resumed}.")
    if here.as_json:
        print_json(result)
        return
    warn(result.warnings)
    out = console()
    sheet = of_tuned(result, start=start, wish=wish)
    out.print(sheet.title, style="bold")
    *lines, protocol = sheet.notes
    for line in lines:
        out.print(line)
    messages().print(protocol)
    print_next(["predict", result.model, "IMAGES"])


def _check_recommended(
    recommended: bool, *, start: str | None, time: str | None, budget: float | None
) -> None:
    if recommended and start is not None:
        raise SettingError(
            "--from and --recommended both name the starting model",
            expected="one of them",
            got=f"--recommended and --from {start}",
            remedy="Leave one of them out.",
        )
    if time is not None and not recommended:
        raise SettingError(
            "--time chooses a model and a recipe that fit into it, and nothing is chosen here",
            expected="--time together with --recommended",
            got="--time alone",
            remedy="Add --recommended, or limit the training with --epochs.",
        )
    if budget is not None and not recommended:
        raise SettingError(
            "--budget is for measuring starting models, and none is chosen here",
            expected="--budget together with --recommended",
            got="--budget alone",
            remedy="Add --recommended, or leave it out.",
        )


@app.command("compare")
@grouped
def compare(
    source: TaskOrSource,
    models: Annotated[
        list[str],
        typer.Option(
            metavar="A,B,C",
            help="Starting models, with commas between, or the option several times; `task2vec "
            "models list` shows all. The default is compared besides.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE",
            help="Draw what each gains over the default: a .png, .svg or .pdf file.",
        ),
    ] = None,
    *,
    tuning: Tuning,
    here: Here,
) -> int:  # fmt: skip
    """Fine-tune several starting models on a task, and say which one to take.

    Example: `task2vec compare photos/dogs --models efficientnet_lite1,efficientnet_lite2`

    The default is fine-tuned, too, and all are trained and tested on the same images with the same
    settings. *gain* is a model's accuracy minus the default's, in points. The intervals of all
    gains hold together with 90 % certainty: the more models, the wider they are. The default is
    taken unless another model is surely better.

    A folder becomes a stored task, and each model an expert, as by `task2vec finetune`. After
    an interruption the same command goes on, and what was fine-tuned on these images with these
    settings is not trained again. A model that cannot be fine-tuned has a reason in its row, and
    stops nothing; the exit code is then 1.
    """
    if output is not None:
        check_picture(output)
    with here.work(f"comparing on {source}") as (client, tell):
        names = [name.strip() for name in ",".join(models).split(",") if name.strip()]
        found = client.compare(source, names, **vars(tuning), progress=tell)
    if output is not None:
        from task2vec.plots.comparison import compose_comparison
        from task2vec.plots.figure import save

        save(compose_comparison(found), output)
        messages().print(f"Wrote {output}.")
    if not here.as_json:
        warn(found.warnings)
    then = [["predict", found.expert, "IMAGES"]]
    answer(found, of_comparison(found), as_json=here.as_json, then=then)
    return int(any(row.error is not None for row in found.rows))


def _saying_where(out: "Console", tell: "OnProgress") -> "OnProgress":
    """Return a callback that says, besides, where an interrupted run is gone on with."""

    def show(work: "Work") -> None:
        if work.stage.startswith(GOING_ON):
            out.print(f"{work.stage[0].upper()}{work.stage[1:]}.")
        tell(work)

    return show
