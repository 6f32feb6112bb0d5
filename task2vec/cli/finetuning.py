"""The command finetune."""

from typing import Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_PROBE_NAME,
    DEFAULT_STORE,
    JsonOption,
    SeedOption,
    StoreOption,
    TaskOrSource,
    open_workspace,
)
from task2vec.cli.output import console, interval, messages, percent, print_json, warn
from task2vec.cli.progress import bars, embedding_bar, tuning_bar


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("finetune")(finetune)


def finetune(
    source: TaskOrSource,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            envvar="TASK2VEC_FINETUNE_FROM",
            help="The starting model: see `task2vec models list`.",
        ),
    ] = DEFAULT_PROBE_NAME,
    name: Annotated[
        str | None, typer.Option(help="The new expert's name. Default: TASK-from-MODEL.")
    ] = None,
    images: Annotated[
        int,
        typer.Option(
            min=4,
            help="At most this many images are drawn; a test split of the source comes on top.",
        ),
    ] = 400,
    epochs: Annotated[int, typer.Option(min=1, help="At most this many epochs.")] = 8,
    patience: Annotated[
        int, typer.Option(min=1, help="Stop after this many epochs without improvement.")
    ] = 4,
    learning_rate: Annotated[float, typer.Option(help="The peak learning rate.")] = 1e-3,
    seed: SeedOption = 0,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a starting model on a task: a new expert.

    A quarter of the images, or the source's own test split, is held out for an honest accuracy. The
    checkpoint (safetensors, under timm's names) lies in the store; the accuracy is recorded as the
    starting model's outcome on this task.
    """
    from task2vec.recommend.tuning_settings import FineTuningSettings
    from task2vec.service.finetuning import FineTuneRequest
    from task2vec.service.finetuning import finetune as run

    request = FineTuneRequest(
        source=source,
        start=start,
        name=name,
        images=images,
        settings=FineTuningSettings(
            epochs=epochs, patience=patience, learning_rate=learning_rate, seed=seed
        ),
    )
    with open_workspace(store) as workspace, bars() as progress:
        result = run(
            workspace,
            request,
            progress=tuning_bar(progress, source),
            embed_progress=embedding_bar(progress, source),
        )
    if as_json:
        print_json(result.to_json())
        return
    tuned = result.tuned
    warn(tuned.warnings)
    out = console()
    out.print(f"New expert: {result.model.name}", style="bold")
    if tuned.accuracy is None:
        out.print("Accuracy: not measured, too few images to hold any out.")
    else:
        out.print(
            f"Accuracy: {percent(tuned.accuracy)} on {len(tuned.correct)} images that took no "
            f"part in training (95 %: {interval(tuned.interval)})",
        )
    if tuned.best_epoch == 0:
        out.print(
            f"No epoch did better than a linear classifier on frozen features, which is kept: the "
            f"backbone is that of {start}, and `recommend` will not offer it as another.",
            soft_wrap=True,
        )
    out.print(
        f"Kept epoch {tuned.best_epoch} of {tuned.epochs}, {tuned.seconds:.0f} seconds.",
    )
    messages().print(f"Protocol: {tuned.protocol}.")
