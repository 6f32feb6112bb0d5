"""Every setting of the server: where it comes from, and what is refused."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from command import Cli

from task2vec.cli.serve import announce
from task2vec_api.settings import Settings


def shown(found: Any) -> dict[str, dict[str, Any]]:
    return {row["setting"]: row for row in found.json["settings"]}


def test_each_setting_is_explained(cli: Cli) -> None:
    rows = shown(cli("serve", "--show-settings", "--json"))
    text = cli("serve", "--show-settings").out

    assert list(rows) == [declared.name for declared in fields(Settings)]
    for name, row in rows.items():
        assert len(row["meaning"]) > 20, name
        assert row["value"] == row["default"], name
        assert row["origin"] == "the default"
        assert f"{name} = " in text
        assert row["meaning"] in text
    assert not Path("task2vec-store").exists()


def test_the_flag_wins_over_the_environment_and_that_over_the_file(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("task2vec.toml").write_text(
        '[serve]\nport = 1\nworkers = 1\nlog_level = "debug"\n'
        'fetch-hosts = ["a.example", "b.example"]\nqueue_seconds = 0.5\n'
    )
    monkeypatch.setenv("TASK2VEC_SERVE_PORT", "2")
    monkeypatch.setenv("TASK2VEC_SERVE_WORKERS", "2")
    monkeypatch.setenv("TASK2VEC_SERVE_ALLOWED_HOSTS", "x.example y.example")
    monkeypatch.setenv("TASK2VEC_SERVE_BEHIND_PROXY", "true")
    rows = shown(cli("serve", "--port", "3", "--show-settings", "--json"))

    assert {
        name: (row["value"], row["origin"])
        for name, row in rows.items()
        if row["origin"] != "the default"
    } == {
        "port": (3, "the flag --port"),
        "workers": (2, "the environment, TASK2VEC_SERVE_WORKERS"),
        "allowed_hosts": (
            ["x.example", "y.example"],
            "the environment, TASK2VEC_SERVE_ALLOWED_HOSTS",
        ),
        "behind_proxy": (True, "the environment, TASK2VEC_SERVE_BEHIND_PROXY"),
        "log_level": ("debug", "the settings file"),
        "fetch_hosts": (["a.example", "b.example"], "the settings file"),
        "queue_seconds": (0.5, "the settings file"),
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--port", "65536"], "port"),
        (["--port", "many"], "port"),
        (["--log-level", "loud"], "log_level"),
        (["--lease-seconds", "0"], "lease"),
        (["--tls-cert", "nowhere.pem"], "TLS needs both"),
        (["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem"], "nowhere.pem"),
        (["--host", "0.0.0.0"], "Without a key"),
        (["--host", "no.such.host.invalid"], "Without a key"),
        (["--nonsense"], "nonsense"),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, options: list[str], told: str) -> None:
    found = cli("serve", *options, "--store", "s")

    assert (found.code, found.out) == (2, "")
    assert told in found.err


def test_settings_are_checked_wherever_they_come_from(cli: Cli) -> None:
    Path("task2vec.toml").write_text("[serve]\nnonsense = 1\n")
    assert "serve.nonsense" in cli("serve").err
    Path("task2vec.toml").write_text("[serve]\nport = 70000\n")
    assert "port" in cli("serve").err


def test_an_address_that_is_taken_is_told(cli: Cli) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = cli("serve", "--port", port, "--store", "s", "--workers", "0")

    assert found.code == 2
    assert f"127.0.0.1:{port}" in found.err
    assert not Path("s").exists()


def test_a_server_that_is_refused_leaves_no_store_and_says_where_a_key_is_made(cli: Cli) -> None:
    found = cli("serve", "--host", "0.0.0.0", "--store", "my s1")

    assert found.code == 2
    assert "`task2vec keys create NAME --scope admin --store 'my s1'`" in found.err
    assert not Path("my s1").exists()


@pytest.mark.parametrize(
    ("host", "elsewhere"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False)]
)
def test_a_server_on_all_addresses_says_so(
    capsys: pytest.CaptureFixture[str], host: str, elsewhere: bool
) -> None:
    announce(Settings(host=host), as_json=False)("http://127.0.0.1:8123")

    told = capsys.readouterr()
    assert told.out == "http://127.0.0.1:8123\n"
    assert ("Other machines reach it" in told.err) == elsewhere
    assert ("port 8123" in told.err) == elsewhere
