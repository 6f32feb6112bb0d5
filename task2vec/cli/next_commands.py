"""What to type after a recommendation."""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import typer

from task2vec.data.wording import FOLDER
from task2vec.errors import NoStoreError, UnknownNameError
from task2vec.types.tuning import Recipe

if TYPE_CHECKING:
    from task2vec.cli.options import AnyClient
    from task2vec.messages.models import Model
    from task2vec.messages.recommendations import Recommended

#: A longer budget, in seconds, is named in a warning and not proposed as the next command.
_PATIENCE = 600
#: Parameters that a command to type next has anyway, or does not need.
_ANSWERED_ELSEWHERE = (
    *("task", "budget", "explain", "code", "report"),
    *("store", "url", "api_key", "as_json"),
)


def next_commands(
    context: typer.Context, client: "AnyClient", answer: "Recommended"
) -> Iterator[list[str]]:
    """Yield what leads to an expert, what has to come before it, and what gives a better answer.

    The ``context`` is that of the command that asked.
    """
    task = context.params["task"]
    recipe, timed = Recipe(context.params["recipe"]), context.params["time"] is not None
    if answer.images_missing and not answer.stored_as:
        # Fine-tuning needs the images, too.
        yield ["embed", FOLDER, "--name", answer.task, "--update"]
    else:
        if answer.stored_as:
            # It need not be embedded again, and what is known of it counts.
            yield ["recommend", answer.stored_as]
        yield from _tuning(client, answer, task=task, recipe=recipe, timed=timed)
    # With a limited time no budget is longer than its share.
    needed = None if answer.stored_as is not None or timed else answer.budget_needed
    if needed is not None and needed < _PATIENCE:
        yield ["recommend", task, *_repeated(context), "--budget", f"{needed:.0f}"]


def _tuning(
    client: "AnyClient", answer: "Recommended", *, task: str, recipe: Recipe, timed: bool
) -> list[list[str]]:
    """Return the commands that lead to an expert: to the one that exists, and to a new one."""
    if not answer.chosen:
        return []
    # Under another name the same images would become another task.
    tune = ["finetune", answer.stored_as or task, "--from", answer.chosen]
    # By itself `finetune` trains all layers, and keeps them where a linear probe is not better.
    by_itself = answer.recipe is Recipe.ALL_LAYERS and recipe is Recipe.AUTO
    if not by_itself or timed:
        tune += ["--recipe", answer.recipe.value]
    usual = f"{answer.stored_as or answer.task}-from-{answer.chosen}"
    expert = known_model(client, usual)
    if expert is None:
        return [tune]
    names = (f"{usual}-{number}" for number in count(2))
    free = next(name for name in names if known_model(client, name) is None)
    use = [["predict", usual, "IMAGES"]] if expert.task else []
    return [*use, [*tune, "--name", free]]


def known_model(client: "AnyClient", name: str) -> "Model | None":
    """Return a model by its name or id; None where there is none."""
    try:
        return client.models.get(name)
    except (UnknownNameError, NoStoreError):
        return None


def _repeated(context: typer.Context) -> list[str]:
    """Return the options that were typed and make the answer what it is, but for the budget."""
    words = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in _ANSWERED_ELSEWHERE or source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[name]
        if isinstance(value, bool):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            words += [parameter.opts[0], f"{value:g}" if isinstance(value, float) else str(value)]
    return words
