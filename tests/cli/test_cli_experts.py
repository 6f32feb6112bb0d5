"""`task2vec experts get`: experts of the example tasks, each made once."""

import json
import subprocess
from pathlib import Path

import pytest
import small_store
from command import Cli
from fork_server import ForkServer
from small_store import EXAMPLES

from task2vec.cli.experts import TASKS

FIRST, SECOND = (f"{task}-from-efficientnet_lite0" for task in TASKS[:2])


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """The first two tasks, of six images each."""
    for task in TASKS[:2]:
        small_store.cut(task, tmp_path / "examples" / "tasks" / task, classes=2, images=3)
    return tmp_path / "examples"


def test_the_tasks_are_examples() -> None:
    assert all((EXAMPLES / task).is_dir() for task in TASKS)


def test_each_expert_is_made_once_and_can_be_started_from(cli: Cli, examples: Path) -> None:
    get = ("experts", "get", "--epochs", 1, "--examples", examples)
    one = cli(*get, "--count", 1, "--json").json
    assert [(each["model"], each["task"]) for each in one["made"]] == [(FIRST, TASKS[0])]
    assert one["made"][0]["recipe"] == "all-layers"
    assert one["kept"] == []

    # As after an interruption: what is there is not made again.
    two = cli(*get, "--count", 2)
    assert two.code == 0
    assert SECOND in two.out
    assert FIRST not in two.out
    assert f"1 expert made; 1 expert was there already: {FIRST}." in two.err
    assert "task2vec recommend FOLDER" in two.err

    models = cli("models", "list", "--json").json["models"]
    experts = {model["name"]: model["task"] for model in models if model["task"]}
    assert sorted(experts) == sorted([FIRST, SECOND])
    tasks = {task["id"]: task["name"] for task in cli("list", "--json").json["tasks"]}
    assert {name: tasks[task] for name, task in experts.items()} == {
        FIRST: TASKS[0],
        SECOND: TASKS[1],
    }

    none = cli(*get, "--count", 2, "--json").json
    assert (none["made"], none["kept"]) == ([], [FIRST, SECOND])


def test_two_commands_at_once_make_each_expert_once(
    cli: Cli, examples: Path, fork_server: ForkServer
) -> None:
    command = ["experts", "get", "--epochs", "1", "--count", "1", "--json"]
    commands = [
        subprocess.Popen(
            [fork_server.programs / "task2vec", *command, "--examples", examples],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=100) for process in commands]
    assert [process.returncode for process in commands] == [0, 0], said
    answers = [json.loads(out) for out, _ in said]
    assert [each["model"] for answer in answers for each in answer["made"]] == [FIRST]
    assert [name for answer in answers for name in answer["kept"]] == [FIRST]
    assert len(cli("list", "--json").json["tasks"]) == 1
    assert len(cli("outcomes", "list", "--json").json["outcomes"]) == 1


def test_without_examples_nothing_is_begun(cli: Cli, examples: Path) -> None:
    # The third is not there: neither is the first made.
    refused = cli("experts", "get", "--examples", examples)
    assert refused.code != 0
    assert "The example tasks are not in" in refused.err
    assert "--examples" in refused.err
    assert not Path("task2vec-store").exists()
