"""A name that nothing has is answered with those that are near."""

from pathlib import Path

import pytest
from command import Cli
from small_expert import add_expert, expert_file
from small_store import SmallStore


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("recomend x", "Did you mean 'recommend'"),
        ("recommend emoji_food --buget 3", "Did you mean --budget?"),
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
