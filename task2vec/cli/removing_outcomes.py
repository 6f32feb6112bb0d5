"""The command outcomes remove."""

from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.options import (
    DEFAULT_STORE,
    ApiKeyOption,
    JsonOption,
    StoreOption,
    UrlOption,
    open_client,
)
from task2vec.cli.output import messages, print_json
from task2vec.data.wording import plural
from task2vec.errors import SettingError

if TYPE_CHECKING:
    from task2vec.wire.outcomes import Outcome

#: As many as a server lists, and removes, at once.
_PAGE, _LOT = 1000, 10_000


def remove(
    outcomes: Annotated[
        list[str] | None, typer.Argument(metavar="OUTCOME", help="Their ids: `outcomes list`.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="All of this model.")] = None,
    task: Annotated[str | None, typer.Option(help="All on this task.")] = None,
    protocol: Annotated[str | None, typer.Option(help="All by this protocol.")] = None,
    created: Annotated[
        str | None, typer.Option(help="All of this moment: of one `import`, which tells it.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    url: UrlOption = None,
    api_key: ApiKeyOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take back outcomes that were recorded wrongly: those of these ids, or all of a kind.

    Example: `task2vec outcomes remove --protocol "linear, 5 images" --task birds`

    Of several options, what agrees with all of them goes. The answers of `recommend` and `backtest`
    know nothing of it from then on. An unknown id removes nothing. `--json` prints what was
    removed, in full: it can be recorded again.
    """
    ids = outcomes or []
    kinds = {"model": model, "task": task, "protocol": protocol, "created": created}
    asked = {name: value for name, value in kinds.items() if value is not None}
    _check(ids, asked)
    removed: list[Outcome] = []
    with open_client(store, url, api_key) as client:
        if asked:
            ids = [each.id for each in client.outcomes.list(**asked, page_size=_PAGE)]
        for first in range(0, len(ids), _LOT):
            removed += client.outcomes.remove_many(ids[first : first + _LOT])
    if as_json:
        told = [each.model_dump(mode="json") for each in removed]
        print_json({"removed": len(removed), "outcomes": told})
    elif removed:
        messages().print(f"Removed {plural(len(removed), 'outcome')}.")
    else:
        messages().print("No outcome is of that kind: none was removed.")
    return 0 if removed else 3


def _check(ids: list[str], asked: dict[str, str]) -> None:
    empty = [f"--{name}" for name, value in asked.items() if not value]
    if empty:
        # A variable of a shell that is not set: what it was to say is not known.
        raise SettingError(f"{empty[0]} is empty", expected="what the outcomes have in common")
    if bool(ids) == bool(asked):
        raise SettingError(
            "It is not clear which outcomes to remove",
            expected="either their ids, or at least one of --model, --task, --protocol, --created",
            got="both" if ids else "neither",
            remedy="`task2vec outcomes list` shows the ids, and takes the same options: try there "
            "what would be removed.",
        )
