"""`task2vec backtest`: the table, the sentence, the picture, and exit codes."""

import re
import shutil
from pathlib import Path

import backtest_store
import pytest
from command import Cli
from PIL import Image
from small_store import SmallStore

RANKERS = [
    *("always_default", "static_average", "nearest_only", "nearest_asymmetric"),
    *("near_outcomes_5", "task2vec"),
]


@pytest.fixture(scope="module")
def full(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backtest_store.fill(small.store, tmp_path_factory.mktemp("full") / "store")


def test_a_person_reads_a_table_and_a_sentence_and_sees_a_picture(
    cli: Cli, full: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "found.png"
    found = cli("backtest", "--folds", "family", "--store", full, "-o", picture)

    assert found.code == 0
    lines = found.out.splitlines()
    for ranker in RANKERS:
        assert any(line.startswith(ranker) for line in lines)
    assert "near emoji_food" in found.out
    assert re.search(r"task2vec took the default on \d+\.\d % of the tasks", found.out)
    assert lines[-1].startswith("The recommender is not worth using with these models")
    with Image.open(picture) as image:
        assert image.size[0] > 1000


def test_few_tasks_end_with_3_and_show_the_table(cli: Cli, small: SmallStore) -> None:
    store = Path(shutil.copytree(small.store, "own"))
    for model, accuracy in (("efficientnet_lite0", 0.6), ("efficientnet_lite1", 0.7)):
        cli("outcomes", "add", model, "emoji_food", "--accuracy", accuracy, "--store", store)

    # One model beside the default leaves nothing to rank.
    found = cli("backtest", "--store", store)
    assert found.code == 3
    assert "and 0 tasks have them" in found.out
    assert "outcomes import" in found.out

    cli("outcomes", "add", "efficientnet_lite2", "emoji_food", "--accuracy", 0.5, "--store", store)
    found = cli("backtest", "--store", store)
    assert found.code == 3
    assert "and 1 task has them" in found.out
    assert "nearest_only" in found.out


def test_mistakes_are_told(cli: Cli, full: Path, tmp_path: Path) -> None:
    assert cli("backtest", "--folds", "year", "--store", full).code == 2
    missing = cli("backtest", "--store", tmp_path / "nowhere")
    assert missing.code == 2
    assert missing.out == ""
