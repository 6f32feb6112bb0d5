"""Commands that errors and warnings quote work on the store or server that was given."""

import re
from pathlib import Path
from typing import Any

import pytest
from client_kinds import serving
from command import Cli
from small_expert import add_expert, expert_file
from small_store import SmallStore

from task2vec import LocalClient
from task2vec.errors import NameTakenError, StoreOwnedError


def quoted(text: str) -> list[str]:
    """Return the commands in back quotes."""
    return re.findall(r"`(task2vec [^`]+)`", text)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("show emoji_fod", "task2vec list"),
        ("models show nosuch", "task2vec models list"),
        ("neighbours emoji_food --tag nosuch", "task2vec list"),
        ("outcomes list", "task2vec finetune"),
    ],
)
def test_a_quoted_command_names_the_store(
    cli: Cli, store: Path, line: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert quoted(cli(*line.split(), "--store", store).err) == [f"{command} --store '{store}'"]
    # The next line in the same terminal has the same environment.
    monkeypatch.setenv("TASK2VEC_STORE", str(store))
    assert quoted(cli(*line.split()).err) == [command]


def test_a_warning_names_the_store(on: Cli, store: Path) -> None:
    found = on(
        *("outcomes", "add", "efficientnet_lite1", "emoji_food", "--accuracy", 0.5),
    )
    assert quoted(found.err)
    assert all(command.endswith(f" --store '{store}'") for command in quoted(found.err))


@pytest.mark.parametrize("line", ["list", "outcomes list", "recommend emoji_food", "show x"])
def test_a_store_that_is_not_there_is_said_with_the_near_one(
    cli: Cli, store: Path, line: str
) -> None:
    Path(store.parent, "my store of nothing").mkdir()
    absent = store.with_name("my stoere")
    found = cli(*line.split(), "--store", absent)

    assert f"no store in {absent}" in found.err
    assert f"Did you mean the store '{store}'?" in found.err
    assert f"`task2vec embed SOURCE --store '{absent}'`" in found.err
    assert not absent.exists()


def test_a_quoted_command_names_the_server(cli: Cli, store: Path, tmp_path: Path) -> None:
    with serving(store) as url:
        unknown = cli("show", "emoji_fod", "--url", url)
        missing = cli("finetune", "emoji_food", "--url", url)
        owned = cli("list", "--store", store)
        with LocalClient(store) as client, pytest.raises(StoreOwnedError) as caught:
            list(client.tasks.list())
    assert quoted(unknown.err) == [f"task2vec list --url {url}"]
    assert quoted(missing.err)
    assert all(command.count(f" --url {url}") == 1 for command in quoted(missing.err))
    assert "URL" not in missing.err
    for said in (owned.err, str(caught.value)):
        assert f"--url {url}" in said
        assert f'`task2vec.Client("{url}")`' in said


def test_an_expert_that_exists_is_offered_instead_of_made_again(
    cli: Cli, store: Path, small: SmallStore, tmp_path: Path
) -> None:
    name = "emoji_food-from-efficientnet_lite0"
    add_expert(store, expert_file(tmp_path, small.sources / "emoji_food"), name=name)
    ask: tuple[Any, ...] = ("recommend", "emoji_food", "--architecture", "tf_efficientnet_lite0")
    options = ("--budget", 0, "--store", store)
    where = f" --store '{store}'"

    found = cli(*ask, *options)
    assert found.err.splitlines()[-2:] == [
        f"  task2vec predict {name} IMAGES{where}",
        f"  task2vec finetune emoji_food --from efficientnet_lite0 --name {name}-2{where}",
    ]
    cli("models", "add", "resnet18", "--name", f"{name}-2", "--store", store)
    assert f"--name {name}-3{where}" in cli(*ask, *options).err

    refused = cli("finetune", "emoji_food", "--store", store)
    assert refused.code == 2
    assert f"The expert '{name}' exists already" in refused.err
    assert quoted(refused.err) == [
        f"task2vec predict {name} IMAGES{where}",
        f"task2vec models remove {name}{where}",
    ]
    assert "`--name NAME`" in refused.err
    with LocalClient(store) as client, pytest.raises(NameTakenError, match="in Python `name=`"):
        client.finetune("emoji_food", name="efficientnet_lite1")
