"""The command finetune."""

from typing import Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_PROBE_NAME,
    DEFAULT_STORE,
    ApiKeyOption,
    JsonOption,
    SeedOption,
    StoreOption,
    TaskOrSource,
    UrlOption,
    open_client,
)
from task2vec.cli.output import console, interval, messages, percent, print_answer_json, warn
from task2vec.cli.progress import bars, work_bar


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
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a starting model on a task: a new expert.

    Example: `task2vec finetune photos/dogs --from efficientnet_lite0 --epochs 5`

    A quarter of the images, or the source's own test split, is held out for an honest accuracy. The
    checkpoint (safetensors, under timm's names) lies in the store; the accuracy is recorded as the
    starting model's outcome on this task.
    """
    with open_client(store, url, api_key) as client, bars() as progress:
        result = client.finetune(
            source,
            start=start,
            name=name,
            images=images,
            epochs=epochs,
            patience=patience,
            learning_rate=learning_rate,
            seed=seed,
            progress=work_bar(progress, f"fine-tuning {source}"),
        )
    if as_json:
        print_answer_json(result)
        return
    warn(result.warnings)
    out = console()
    out.print(f"New expert: {result.model}", style="bold")
    if result.accuracy is None:
        out.print("Accuracy: not measured, too few images to hold any out.")
    else:
        out.print(
            f"Accuracy: {percent(result.accuracy)} on {result.test_images} images that took no "
            f"part in training (95 %: {interval(result.interval)})",
        )
    if result.best_epoch == 0:
        out.print(
            f"No epoch did better than a linear classifier on frozen features, which is kept: the "
            f"backbone is that of {start}, and `recommend` will not offer it as another.",
            soft_wrap=True,
        )
    out.print(
        f"Kept epoch {result.best_epoch} of {result.epochs}, {result.seconds:.0f} seconds.",
    )
    messages().print(f"Protocol: {result.protocol}.")
