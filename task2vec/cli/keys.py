"""The commands keys create, list, revoke and log.

They work on the store itself, beside a server that may run on it: a key can be revoked whatever
state that server is in, and it takes over the change within a second.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Local
from task2vec.cli.output import answer, console, messages, print_json
from task2vec.client.show.sheet import Sheet
from task2vec.types import Scope

if TYPE_CHECKING:
    from task2vec.service.workspace import Workspace
    from task2vec.types import KeyRecord

app = typer.Typer(help="Keys that open the server.", no_args_is_help=True)


@app.command("create")
@grouped
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[
        list[Scope],
        typer.Option(
            "--scope",
            help="What it opens: `read`; `write`, which implies it; `work`, for `task2vec worker`; "
            "`admin`, which implies all. May be given more than once.",
        ),
    ],
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="How often it may be used. Default: the server's.")
    ] = None,
    concurrent: Annotated[
        int | None, typer.Option(min=1, help="How many requests at once. Default: the server's.")
    ] = None,
    expires: Annotated[
        float | None, typer.Option(min=0.001, metavar="DAYS", help="For how many days it is valid.")
    ] = None,
    *,
    here: Local,
) -> None:
    """Make a key and print it: it is shown this once, and only its hash is stored.

    Example: `task2vec keys create ci --scope write`
    """
    from task2vec.service.keys import create as make

    with _workspace(here) as workspace:
        new = make(
            workspace,
            name,
            scope,
            requests_per_minute=requests_per_minute,
            concurrent_requests=concurrent,
            days=expires,
        )
    if here.as_json:
        print_json({**_row(new.record), "key": new.secret})
        return
    console().print(new.secret, whole=True)
    messages().print("Keep it: it is not shown again.")


@app.command("list")
@grouped
def list_(here: Local) -> None:
    """List the keys, revoked and expired ones too; never the keys themselves.

    Example: `task2vec keys list`
    """
    from task2vec.service.keys import list_all

    with _workspace(here) as workspace:
        rows = [_row(record) for record in list_all(workspace)]
    columns = ["id", "name", "scopes", "state", "created", "expires"]
    sheet = Sheet(
        "",
        columns,
        [[_cell(row[column]) for column in columns] for row in rows],
        whole=["id"],
        spare=["expires", "created"],
    )
    answer({"keys": rows}, sheet, as_json=here.as_json)


@app.command("revoke")
@grouped
def revoke(
    key: Annotated[str, typer.Argument(help="The key's name or id.")],
    *,
    here: Local,
) -> None:
    """Revoke a key for ever; a server that runs refuses it within a second.

    Example: `task2vec keys revoke ci`
    """
    from task2vec.service.keys import revoke as end

    with _workspace(here) as workspace:
        record = end(workspace, key)
    answer(_row(record), f"{record.name} ({record.id}) is revoked.", as_json=here.as_json)


@app.command("log")
@grouped
def log(
    last: Annotated[int, typer.Option("--last", min=1, help="How many entries.")] = 50,
    *,
    here: Local,
) -> None:
    """Show the audit log, newest first: what was changed, by which key, and who was refused.

    Example: `task2vec keys log`
    """
    with _workspace(here) as workspace:
        open_store = workspace.existing_store()
        entries = [] if open_store is None else open_store.audit.latest(last)
    rows = [asdict(entry) | {"at": _in_utc(entry.at)} for entry in entries]
    columns = ["at", "action", "subject", "key", "address", "status"]
    cells = [[row[column] for column in columns] for row in rows]
    sheet = Sheet("", columns, cells, spare=["status", "address"])
    answer({"entries": rows}, sheet, as_json=here.as_json)


def _workspace(here: Local) -> "Workspace":
    from task2vec.service.workspace import Workspace

    return Workspace(here.store, beside_server=True)


def _cell(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _row(record: "KeyRecord") -> dict[str, object]:
    now = datetime.now(UTC).timestamp()
    expires = record.expires
    state = "revoked" if record.revoked else "active" if record.active(now) else "expired"
    return {
        "id": record.id,
        "name": record.name,
        "scopes": sorted(scope.value for scope in record.scopes),
        "state": state,
        "requests_per_minute": record.requests_per_minute,
        "concurrent": record.concurrent_requests,
        "created": _in_utc(record.created),
        "expires": None
        if expires is None
        else _in_utc(datetime.fromtimestamp(expires, UTC).isoformat(timespec="seconds")),
        "revoked": record.revoked and _in_utc(record.revoked),
    }


def _in_utc(time: str) -> str:
    """Return a stored time as all others are shown."""
    return time.replace("+00:00", "Z")
