"""The commands keys create, list, revoke and log."""

from pathlib import Path

import pytest
from command import Cli

from task2vec.service.keys import KeyRing, list_all
from task2vec.service.ownership import Ownership
from task2vec.service.workspace import Workspace
from task2vec.store.tables.audit import AuditEntry


def test_a_key_is_shown_once(cli: Cli, tmp_path: Path) -> None:
    made = cli("keys", "create", "ada", "--scope", "read", "--scope", "write", "--store", tmp_path)
    listed = cli("keys", "list", "--store", tmp_path)

    secret = made.out.strip()
    with Workspace(tmp_path) as workspace:
        ring = KeyRing(list_all(workspace))
    assert ring.identify(secret, now=0.0).name == "ada"
    assert "not shown again" in made.err
    assert "ada" in listed.out
    assert "read write" in listed.out
    assert secret not in listed.out


def test_its_limits_and_its_time(cli: Cli, tmp_path: Path) -> None:
    limits = ["--requests-per-minute", 60, "--concurrent", 2, "--expires", 1]
    made = cli(
        "keys", "create", "ada", "--scope", "work", *limits, "--store", tmp_path, "--json"
    ).json
    listed = cli("keys", "list", "--store", tmp_path, "--json").json["keys"]

    assert made.pop("key").startswith("t2v_")
    assert listed == [made]
    assert (made["requests_per_minute"], made["concurrent"]) == (60, 2)
    assert (made["state"], made["scopes"]) == ("active", ["work"])
    assert made["expires"] > made["created"][:19]
    assert all(made[moment].endswith("Z") for moment in ("created", "expires"))


def test_a_key_is_revoked_beside_a_server(cli: Cli, tmp_path: Path) -> None:
    cli("keys", "create", "ada", "--scope", "admin", "--store", tmp_path)
    with Ownership(tmp_path):
        revoked = cli("keys", "revoke", "ada", "--store", tmp_path)
        listed = cli("keys", "list", "--store", tmp_path, "--json").json["keys"]
        refused = cli("list", "--store", tmp_path)

    assert revoked.code == 0
    assert [key["state"] for key in listed] == ["revoked"]
    assert refused.code == 2
    assert "--url" in refused.err


def test_what_was_done_is_in_the_log(cli: Cli, tmp_path: Path) -> None:
    cli("keys", "create", "ada", "--scope", "read", "--store", tmp_path)
    cli("keys", "revoke", "ada", "--store", tmp_path)
    entries = cli("keys", "log", "--store", tmp_path, "--json").json["entries"]

    assert [entry["action"] for entry in entries] == ["keys revoke", "keys create"]
    assert "keys revoke" in cli("keys", "log", "--last", 1, "--store", tmp_path).out
    assert "create" not in cli("keys", "log", "--last", 1, "--store", tmp_path).out


def test_the_log_disturbs_no_terminal(cli: Cli, tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        entry = AuditEntry(action="GET \x1b[1m", subject="/\x1b[2J\n")
        workspace.store(create=True).audit.append([entry])
    shown = cli("keys", "log", "--store", tmp_path)

    assert "\x1b" not in shown.out
    assert r"/\x1b[2J\n" in shown.out
    assert r"GET \x1b[1m" in shown.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["create", "ada"], "scope"),
        (["create", "ada", "--scope", "root"], "'--scope': 'root' is not one of"),
        (["create", "ada", "--scope", "read", "--expires", "0"], "expires"),
        (["revoke", "nobody"], "nobody"),
    ],
)
def test_mistakes_are_told(cli: Cli, tmp_path: Path, arguments: list[str], told: str) -> None:
    cli("keys", "create", "somebody", "--scope", "read", "--store", tmp_path)
    found = cli("keys", *arguments, "--store", tmp_path)

    assert (found.code, found.out) == (2, "")
    assert told in found.err


def test_without_a_store_there_are_no_keys(cli: Cli, tmp_path: Path) -> None:
    assert cli("keys", "list", "--store", tmp_path / "none", "--json").json == {"keys": []}
    assert cli("keys", "log", "--store", tmp_path / "none", "--json").json == {"entries": []}
    assert not (tmp_path / "none").exists()
