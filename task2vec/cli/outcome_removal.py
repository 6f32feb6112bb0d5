"""The command outcomes remove, in lots where a server does not take all at once."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Here
from task2vec.cli.output import check_stdout, messages, print_json
from task2vec.data.wording import plural
from task2vec.errors import (
    InputError,
    ServiceError,
    SettingError,
    Task2VecError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from task2vec.cli.options import AnyClient
    from task2vec.messages.outcomes import Outcome

#: As many as a server lists, and removes, at once.
_PAGE, _LOT = 1000, 10_000
_LOOK = "`task2vec outcomes list` shows what is left."


@dataclass(frozen=True)
class Kind:
    """Which outcomes are meant: those that agree with all that is given."""

    model: Annotated[str | None, typer.Option(help="Those of this model.")] = None
    task: Annotated[str | None, typer.Option(help="Those on this task.")] = None
    protocol: Annotated[str | None, typer.Option(help="Those by this protocol.")] = None
    created: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Those recorded at this time. `outcomes import` prints the time of its own.",
        ),
    ] = None

    def given(self) -> dict[str, str]:
        """Return what is given."""
        return {name: value for name, value in vars(self).items() if value is not None}


@grouped
def remove(
    outcomes: Annotated[
        list[str] | None, typer.Argument(metavar="OUTCOME", help="Their ids: `outcomes list`.")
    ] = None,
    *,
    which: Kind,
    here: Here,
) -> int:
    """Remove outcomes that were recorded wrongly: by their ids, or all that fit the options.

    Example: `task2vec outcomes remove --protocol "linear, 5 images" --task birds`

    With several options, outcomes that fit all of them are removed. `recommend` and `backtest` no
    longer use them. If one id is unknown, nothing is removed. `--json` prints what was removed, so
    that it can be recorded again. A server removes 10,000 at a time. If it fails in between, the
    command prints what was removed by then and ends with exit code 2.
    """
    ids = list(dict.fromkeys(outcomes or []))
    wanted = which.given()
    _check(ids, wanted)
    if here.as_json:
        check_stdout()
    with here.client() as client:

        def of_kind() -> list[str]:
            return [each.id for each in client.outcomes.list(**wanted, page_size=_PAGE)]

        if wanted:
            ids = of_kind()
        removal = Removal(
            client,
            ids,
            # A store of one's own removes all in one transaction.
            lot=_LOT if here.url else max(1, len(ids)),
            again=of_kind if wanted else None,
        )
        try:
            removal.run()
        except KeyboardInterrupt as interruption:
            interruption.add_note(f"{_part(removal, as_json=here.as_json)}. {_LOOK}")
            raise
        except Task2VecError as error:
            if not removal.removed:
                raise
            problem = f"{_part(removal, as_json=here.as_json)}: {error}"
            raise ServiceError(problem, remedy=_LOOK) from error
    unprinted = _tell(removal, as_json=here.as_json)
    if unprinted:
        raise InputError(f"{_were(len(removal.removed))} removed{unprinted}")
    return 0 if removal.removed else 3


def _part(removal: "Removal", *, as_json: bool) -> str:
    """Print what was removed before something went wrong; return that and the rest in words."""
    unprinted = _tell(removal, as_json=as_json) if removal.removed else ""
    left = len(removal.left)
    more = f"{left:,} {'is' if left == 1 else 'are'} left"
    return f"{_were(len(removal.removed))} removed{unprinted}, {more}"


def _tell(removal: "Removal", *, as_json: bool) -> str:
    """Print what was removed; return in words why that was not possible, "" where it was."""
    removed = removal.removed
    if as_json:
        try:
            print_json({"removed": len(removed), "outcomes": removed})
        except OSError as error:
            return f" and could not be printed ({error})"
    elif removed:
        messages().print(f"Removed {plural(len(removed), 'outcome')}.")
    else:
        messages().print("No outcome is of that kind: none was removed.")
    if removal.gone:
        messages().print(f"{_were(removal.gone)} removed meanwhile by somebody else.")
    return ""


def _were(count: int) -> str:
    return f"{plural(count, 'outcome')} {'was' if count == 1 else 'were'}"


def _check(ids: list[str], wanted: dict[str, str]) -> None:
    empty = [f"--{name}" for name, value in wanted.items() if not value]
    if empty:
        # A variable of a shell that is not set: what it was to say is not known.
        raise SettingError(f"{empty[0]} is empty", expected="what the outcomes have in common")
    if bool(ids) == bool(wanted):
        raise SettingError(
            "It is not clear which outcomes to remove",
            expected="either their ids, or at least one of --model, --task, --protocol, --created",
            got="both" if ids else "neither",
            remedy="`task2vec outcomes list` shows the ids, and takes the same options: try there "
            "what would be removed.",
        )


@dataclass
class Removal:
    """What was ``removed``, of which ids that is ``left`` to do, and how many were ``gone`` before.

    At most ``lot`` go at once, each lot wholly or not at all. ``again`` says which outcomes there
    are now: of those that nobody named by their ids, others may have removed some meanwhile.
    """

    client: "AnyClient"
    left: list[str]
    lot: int
    again: Callable[[], list[str]] | None = None
    removed: "list[Outcome]" = field(default_factory=list)
    gone: int = 0

    def run(self) -> None:
        """Remove all; what an error or an interruption stops stays ``left``.

        Raises `UnknownNameError` for an id that was given and is not there, before any is removed.
        """
        if self.again is None and len(self.left) > self.lot:
            there = {each.id for each in self.client.outcomes.list(page_size=_PAGE)}
            if lacking := [id_ for id_ in self.left if id_ not in there]:
                raise UnknownNameError.of_outcomes(lacking)
        while self.left:
            try:
                self.removed += self.client.outcomes.remove_many(self.left[: self.lot])
            except UnknownNameError:
                if self.again is None or not self._forget(self.again):
                    raise
            else:
                self.left = self.left[self.lot :]

    def _forget(self, again: Callable[[], list[str]]) -> bool:
        """Forget what somebody else has removed; return whether that was anything."""
        there = set[str]()
        # With a model or a task its outcomes went as well.
        with suppress(UnknownNameError):
            there.update(again())
        before, self.left = len(self.left), [id_ for id_ in self.left if id_ in there]
        self.gone += before - len(self.left)
        return before > len(self.left)
