"""The commands outcomes add, import and list."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_PROBE_NAME,
    DEFAULT_STORE,
    ApiKeyOption,
    JsonOption,
    StoreOption,
    UrlOption,
    open_client,
)
from task2vec.cli.output import (
    interval,
    messages,
    percent,
    print_answer_json,
    print_json,
    print_table,
    warn,
)
from task2vec.data.wording import plural
from task2vec.recommend.repeats import repeated_warning
from task2vec.recommend.unused import unused_warning, without_default

if TYPE_CHECKING:
    from task2vec.cli.options import AnyClient
    from task2vec.wire.outcomes import Outcome

#: As many as a server gives at once.
_PAGE = 1000

app = typer.Typer(no_args_is_help=True, help="What fine-tuning a model on a task gave.")


@app.command()
def add(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or id.")],
    task: Annotated[str, typer.Argument(metavar="TASK", help="A stored task's name or id.")],
    accuracy: Annotated[float, typer.Option(help="The accuracy as a fraction, 0 to 1.")],
    protocol: Annotated[
        str, typer.Option(help="How it was measured. Only equal protocols are compared.")
    ] = "fine-tuning",
    images: Annotated[int | None, typer.Option(min=1, help="Test images.")] = None,
    seed: Annotated[int | None, typer.Option(help="Its random seed.")] = None,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record one outcome.

    Example: `task2vec outcomes add efficientnet_lite0 birds --accuracy 0.91`

    It counts as evidence once the plain default has an outcome on the same task and protocol.
    Recorded twice, it counts once.
    """
    with open_client(store, url, api_key) as client:
        outcome = client.outcomes.add(
            model, task, accuracy, protocol=protocol, images=images, seed=seed
        )
        warnings = [*_unused(client, [outcome]), *_repeated(client, [outcome])]
    if as_json:
        print_answer_json(outcome, model=model, task=task)
    else:
        messages().print(f"Recorded {percent(accuracy)} of {model} on {task}.")
    warn(warnings)


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="Columns model,task,accuracy[,protocol][,images][,seed]."
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record the outcomes of a CSV file: all of them, or none when a line is wrong.

    Example: `task2vec outcomes import outcomes.csv`
    """
    with open_client(store, url, api_key) as client:
        outcomes = client.outcomes.import_csv(file)
        warnings = [*_unused(client, outcomes), *_repeated(client, outcomes)]
    if as_json:
        print_json({"imported": len(outcomes)})
    else:
        messages().print(f"Recorded {plural(len(outcomes), 'outcome')}.")
    warn(warnings)


@app.command("list")
def list_outcomes(
    model: Annotated[str | None, typer.Option(help="Only of this model.")] = None,
    task: Annotated[str | None, typer.Option(help="Only on this task.")] = None,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the recorded outcomes.

    Example: `task2vec outcomes list --task birds`
    """
    with open_client(store, url, api_key) as client:
        found = list(client.outcomes.list(model=model, task=task))
        unused = _unused(client, found)
    warn(unused)
    if as_json:
        print_json({"outcomes": [outcome.model_dump(mode="json") for outcome in found]})
        return
    if not found:
        messages().print("No outcomes yet. `task2vec finetune` and `outcomes add` record them.")
        return
    _print(found)


def _unused(client: "AnyClient", outcomes: "Sequence[Outcome]") -> list[str]:
    """Return the warning that some of the outcomes are no evidence, [] where all are."""
    found = without_default(outcomes, DEFAULT_PROBE_NAME)
    if found:
        plain = client.outcomes.list(
            model=DEFAULT_PROBE_NAME, task=_only(o.task for o in found), page_size=_PAGE
        )
        found = without_default(found, DEFAULT_PROBE_NAME, among=plain)
    return unused_warning(found, DEFAULT_PROBE_NAME)


def _repeated(client: "AnyClient", outcomes: "Sequence[Outcome]") -> list[str]:
    """Return the warning that some of the outcomes were there before, [] where none was."""
    every = client.outcomes.list(
        model=_only(outcome.model for outcome in outcomes),
        task=_only(outcome.task for outcome in outcomes),
        page_size=_PAGE,
    )
    return repeated_warning(outcomes, every)


def _only(names: Iterable[str]) -> str | None:
    """Return the name that all are, None where they differ."""
    found = set(names)
    return found.pop() if len(found) == 1 else None


def _print(found: "Sequence[Outcome]") -> None:
    print_table(
        ["model", "task", "accuracy", "95 % interval", "images", "protocol"],
        [
            (o.model, o.task, percent(o.accuracy), interval(o.interval), o.images, o.protocol)
            for o in found
        ],
    )
