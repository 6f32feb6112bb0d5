"""compose.yaml: a server that keeps its store, and a worker that gets its key as a secret."""

import re
import shlex
from typing import Any

import pytest
import yaml
from deployment import DOCKERFILE, ROOT, instructions
from typer.main import get_command

from task2vec.cli.app import app

TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]


def command(*path: str) -> Any:
    found: Any = get_command(app)
    for name in path:
        found = found.commands[name]
    return found


def options(*path: str) -> set[str]:
    return {name for parameter in command(*path).params for name in parameter.opts}


def test_it_is_a_server_and_a_worker_of_one_image() -> None:
    assert set(SERVICES) == {"server", "worker"}
    assert SERVICES["server"]["build"] == "."
    assert {service["image"] for service in SERVICES.values()} == {"task2vec"}


def test_the_server_is_published_on_this_machine_only() -> None:
    (exposed,) = [
        rest for keyword, rest in instructions(DOCKERFILE.read_text()) if keyword == "EXPOSE"
    ]
    assert SERVICES["server"]["ports"] == [f"127.0.0.1:{exposed}:{exposed}"]
    assert "ports" not in SERVICES["worker"]


def test_the_store_outlives_the_container() -> None:
    assert SERVICES["server"]["volumes"] == ["store:/data"]
    assert "store" in COMPOSE["volumes"]
    stored = [
        rest
        for keyword, rest in instructions(DOCKERFILE.read_text())
        if keyword in ("ENV", "VOLUME")
    ]
    assert "/data" in stored
    assert any("TASK2VEC_STORE=/data/" in rest for rest in stored)
    # Only the server opens the store.
    assert "volumes" not in SERVICES["worker"]


def test_commands_and_their_options_exist() -> None:
    name, *given = SERVICES["server"]["command"]
    assert {word for word in given if word.startswith("--")} <= options(name)
    shell = shlex.split(SERVICES["worker"]["entrypoint"][-1])
    start = shell.index("task2vec")
    assert {word for word in shell[start:] if word.startswith("--")} <= options(shell[start + 1])
    for line in re.findall(r"--no-deps server (.+)$", TEXT, flags=re.M):
        words = shlex.split(line)
        assert {word for word in words if word.startswith("--")} <= options(*words[:2])


def test_settings_of_the_environment_are_those_of_the_command() -> None:
    known = {
        parameter.envvar or f"TASK2VEC_SERVE_{parameter.name}".upper()
        for parameter in command("serve").params
    }
    assert set(SERVICES["server"]["environment"]) <= known


def test_the_worker_s_key_is_a_secret_that_is_not_in_the_repository() -> None:
    worker = SERVICES["worker"]
    assert worker["secrets"] == ["worker_key"]
    assert "/run/secrets/worker_key" in worker["entrypoint"][-1]
    file = COMPOSE["secrets"]["worker_key"]["file"].removeprefix("./")
    assert f"{file.split('/')[0]}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert not re.search(r"t2v_\w+", TEXT)


def test_what_decodes_images_reaches_the_server_and_nothing_else() -> None:
    assert SERVICES["worker"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert "inside" in SERVICES["server"]["networks"]


@pytest.mark.parametrize("name", ["server", "worker"])
def test_services_have_no_rights_that_they_do_not_need(name) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "user", "cap_add", "network_mode"} & set(service)


def test_the_server_has_time_to_drain() -> None:
    drain = next(p.default for p in command("serve").params if p.name == "drain_seconds")
    assert int(SERVICES["server"]["stop_grace_period"].removesuffix("s")) > drain
