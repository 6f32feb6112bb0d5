"""Commands that cannot work: each is told in words and exit code 2, and changes nothing."""

import os
from pathlib import Path

import pytest
from command import Cli
from small_store import SmallStore, snapshot

USAGE = [
    "",
    "nosuch",
    "--nosuch",
    "embed",
    "embed a b",
    "embed SOURCE --images 1",
    "embed SOURCE --images many",
    "neighbours emoji_food -k 0",
    "distance emoji_food",
    "recommend",
    "finetune emoji_food --epochs 0",
    "export emoji_food",
    "models",
    "models add",
    "outcomes add efficientnet_lite0 emoji_food",
    "outcomes add efficientnet_lite0 emoji_food --accuracy good",
    "map --seed -1",
    "map --method magic",
    "embed SOURCE --estimator magic",
    "demo extra",
]
BAD_INPUT = [
    ("embed ./nosuch", "no such file or directory"),
    ("embed nosuch", "There is no file or folder 'nosuch'"),
    ("embed SOURCE --probe nosuch", "efficientnet_lite0"),
    ("embed SOURCE --probe efficientnet_lite0?size=3", "?input_size=PIXELS"),
    ("embed SOURCE --probe timm:nosuch", "timm has no such architecture"),
    ("embed SOURCE --probe file:nosuch.safetensors?arch=resnet18", "safetensors"),
    ("finetune emoji_food --learning-rate nan", "learning_rate"),
    ("finetune emoji_food --name efficientnet_lite1", "efficientnet_lite1"),
    ("models add timm:nosuch", "nosuch"),
    ("models add file:nosuch.safetensors?arch=resnet18", "safetensors"),
    ("models add efficientnet_lite0", "belongs to model"),
    ("models add timm:resnet18.a1_in1k --task nosuch", "nosuch"),
    ("outcomes add efficientnet_lite0 nosuch --accuracy 0.5", "nosuch"),
    ("outcomes add efficientnet_lite0 emoji_food --accuracy nan", "[0, 1]"),
    ("outcomes list --task nosuch", "nosuch"),
    ("outcomes import nosuch.csv", "nosuch.csv cannot be read: got no such file or directory"),
    ("map -o map.gif", ".png"),
    ("map -o nowhere/map.png", "nowhere"),
    ("map --tag nosuch", "nosuch"),
]


def given(line: str, small: SmallStore) -> list[str]:
    source = str(small.sources / "emoji_food")
    return [source if word == "SOURCE" else word for word in line.split()]


@pytest.mark.parametrize("line", USAGE)
def test_usage_errors(cli: Cli, small: SmallStore, line: str) -> None:
    os.environ["TASK2VEC_STORE"] = str(small.store)
    try:
        found = cli(*given(line, small))
    finally:
        del os.environ["TASK2VEC_STORE"]

    assert found.code == 2
    assert "Traceback" not in found.err
    assert "Usage" in found.err + found.out


@pytest.mark.parametrize(("line", "fault"), BAD_INPUT)
def test_bad_input(ask: Cli, small: SmallStore, line: str, fault: str) -> None:
    before = snapshot(small.store)
    # A name of its own, so that not the taken name is what is told.
    own = ["--name", "new"] if line.startswith("embed") else []

    found = ask(*given(line, small), *own)

    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("Error: ")
    assert fault in found.err
    assert "did not foresee" not in found.err
    assert snapshot(small.store) == before
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        "show a",
        "remove a",
        "export a a.npz",
        "map --json",
        "outcomes add efficientnet_lite0 a --accuracy 0.5",
        "models add timm:resnet18.a1_in1k --task a",
        "models remove a",
    ],
)
def test_without_a_store_nothing_is_created(cli: Cli, line: str) -> None:
    found = cli(*line.split())

    assert (found.code, found.out) == (2, "")
    assert "There is no store in task2vec-store" in found.err
    assert list(Path.cwd().iterdir()) == []


def test_the_demo_needs_its_examples_and_leaves_other_folders_alone(
    cli: Cli, small: SmallStore
) -> None:
    examples = Path(__file__).parents[2] / "examples"
    before = snapshot(small.store)

    absent = cli("demo", "--examples", "nosuch")
    taken = cli("demo", "--examples", examples, "--output", small.store)

    assert (absent.code, taken.code) == (2, 2)
    assert "--examples" in absent.err
    assert "--output" in taken.err
    assert snapshot(small.store) == before
    assert list(Path.cwd().iterdir()) == []
