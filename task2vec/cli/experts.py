"""The command experts get: starting models for a store that has none of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.next_commands import known_model
from task2vec.cli.option_groups import grouped
from task2vec.cli.options import EMBEDDING, Examples, Here
from task2vec.cli.output import answer, warn
from task2vec.cli.progress import bars, work_bar
from task2vec.client.show.sheet import Sheet, interval, percent
from task2vec.data.wording import plural
from task2vec.errors import InputError, NameTakenError
from task2vec.types.tuning import Recipe

if TYPE_CHECKING:
    from task2vec.messages.finetuning import Tuned

app = typer.Typer(no_args_is_help=True, help="Make experts of example tasks to start from.")

#: One of each kind of images: see docs/adr/0055-experts-for-a-fresh-store.md.
TASKS = ("greek_capitals", "emoji_food", "sprites_monsters", "satellite_day", "fashion_mixed")


@app.callback()
def group() -> None:
    """Keep the only command of the group a command of its own."""


@app.command("get")
@grouped
def get(
    examples: Examples = Path("examples"),
    count: Annotated[
        int,
        typer.Option(
            min=1, max=len(TASKS), help="How many experts, each of another kind of images."
        ),
    ] = len(TASKS),
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="At most this many epochs. Default: by the number of images."),
    ] = None,
    *,
    here: Here,
) -> None:
    """Make experts of example tasks, which `recommend` can then name as starting models.

    Example: `task2vec experts get --examples examples`

    The default model is fine-tuned, all layers of it, on letters, emoji, sprites, satellite
    pictures and clothes: five experts, each of which takes two minutes of one core. They help where
    there are few images of a class. The tasks come into the store with them.

    An expert that is there is not made again. After an interruption the same command goes on. Of
    two commands at once, the later one keeps what the other made first.
    """
    folders = {task: _folder(examples, task) for task in TASKS[:count]}
    made: list[Tuned] = []
    kept: list[str] = []
    with here.client() as client, bars() as progress:
        for task, folder in folders.items():
            name = f"{task}-from-{EMBEDDING.probe}"
            if known_model(client, name) is not None:
                kept.append(name)
                continue
            tell = work_bar(progress, f"fine-tuning on {task}")
            try:
                expert = client.finetune(
                    str(folder),
                    name=name,
                    recipe=Recipe.ALL_LAYERS,
                    epochs=epochs,
                    progress=tell,
                )
            except NameTakenError:
                # Another process may have made it meanwhile.
                if known_model(client, name) is None:
                    raise
                kept.append(name)
            else:
                made.append(expert)
    for expert in made:
        warn(expert.warnings)
    rows = [
        (each.model, percent(each.accuracy), interval(each.interval), round(each.seconds))
        for each in made
    ]
    columns = ["expert", "accuracy on its task", "95 % interval", "seconds"]
    summary = _summary(len(made), kept)
    answer(
        {"made": made, "kept": kept},
        Sheet("", columns, rows, notes=[summary]) if made else summary,
        as_json=here.as_json,
        then=[["recommend", "FOLDER"]],
    )


def _summary(made: int, kept: list[str]) -> str:
    """Return how many experts there are now, and which of them were there before.

    >>> _summary(2, []), _summary(0, ["a"])
    ('2 experts made.', '1 expert was there already: a.')
    >>> _summary(1, ["a", "b"])
    '1 expert made; 2 experts were there already: a, b.'
    """
    parts = [f"{plural(made, 'expert')} made"] if made else []
    if kept:
        were = "was" if len(kept) == 1 else "were"
        parts.append(f"{plural(len(kept), 'expert')} {were} there already: {', '.join(kept)}")
    return f"{'; '.join(parts)}."


def _folder(examples: Path, task: str) -> Path:
    """Return the folder of an example task; raises `InputError` where there is none."""
    folder = examples / "tasks" / task
    if not folder.is_dir():
        raise no_examples(examples, got=f"no folder {folder}")
    return folder


def no_examples(folder: Path, *, got: str) -> InputError:
    """Return the error for a folder that lacks the example tasks."""
    return InputError(
        f"The example tasks are not in {folder}",
        expected="the folder `examples` of the task2vec repository",
        got=got,
        remedy="Run it from a clone of the repository, or name the folder with --examples.",
    )
