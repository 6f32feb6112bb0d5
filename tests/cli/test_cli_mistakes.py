"""Commands that cannot work: each is told in words and exit code 2, and changes nothing.

A name that nothing has is answered with those that are near.
"""

import os
from pathlib import Path

import pytest
from command import Cli
from small_expert import add_expert, expert_file
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
    ("finetune emoji_food --recommended --from efficientnet_lite1", "Leave one of them out"),
    ("finetune emoji_food --time 10m", "Add --recommended"),
    ("finetune emoji_food --recommended --time soon", "10m, 90s or 1h30m"),
    ("recommend emoji_food --time soon", "10m, 90s or 1h30m"),
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


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("recomend x", "Did you mean 'recommend'"),
        ("recommend emoji_food --buget 3", "Did you mean --budget, --bundles?"),
        ("show emoji", "Did you mean 'emoji_food'?"),
        (
            "neighbours greec",
            "Did you mean the task 'greek_capitals'? List all tasks: `task2vec list --store ",
        ),
        ("neighbours zebra", "For a path write ./NAME. List all tasks: `task2vec list --store "),
        ("embed emoji_fod", "Did you mean 'emoji_food'? Check the path"),
        ("batch emoji_fod", "Did you mean 'emoji_food'? Check the path"),
        ("embed emoji_fod/a/b", "Did you mean 'emoji_food'? Check the path"),
        ("embed folder/emoji_fod", "Did you mean 'folder/emoji_food'? Check the path"),
        ("recommend folder/emoji_fod", "Did you mean 'folder/emoji_food'? List"),
        ("neighbours picturs", "Did you mean 'pictures'?"),
        ("finetune emoji_food --from resnet5", "`task2vec models add timm:resnet50"),
        (
            "outcomes add emoji_food efficientnet_lite0 --accuracy 0.5",
            "expected the model first, then the task",
        ),
        ("embed zebra", "Check the path and its permissions: `ls -l .`.\n"),
        ("embed /zebra/a/b", "Check the path and its permissions: `ls -l /`.\n"),
        ("predict efficientnet_lite0 zebra.png", "task2vec finetune FOLDER"),
        ("recommend Greek_Capitals", "Did you mean the task 'greek_capitals'?"),
        ("models show lite1", "Did you mean 'efficientnet_lite1'?"),
        ("finetune emoji_food --from efficientnet-lite0", "Did you mean 'efficientnet_lite0'"),
        ("predict efficientnet_lite examples", "Did you mean 'efficientnet_lite0'"),
        ("recommend ./emoji_food --probe resnet3", "Did you mean 'resnet34'"),
    ],
)
def test_a_near_name_is_asked_back(cli: Cli, small: SmallStore, line: str, near: str) -> None:
    (Path("emoji_food")).symlink_to(small.sources / "emoji_food")
    Path("pictures").mkdir()
    Path("folder/emoji_food").mkdir(parents=True)
    store = [] if line == "recomend x" else ["--store", small.store]
    found = cli(*line.split(), *store)

    assert found.code == 2
    assert near in found.err


def test_the_name_of_a_task_leads_to_its_experts(
    on: Cli, store: Path, small: SmallStore, tmp_path: Path
) -> None:
    add_expert(store, expert_file(tmp_path, small.sources / "emoji_food", temperature=0.4))
    found = on("predict", "emoji_food", small.sources / "emoji_food")

    assert found.code == 2
    assert (
        "Did you mean the expert 'small'? List all models: "
        f"`task2vec models list --store '{store}'`.\n" in found.err
    )
