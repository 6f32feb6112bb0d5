"""A list of several labels per image on the command line, from the file to its neighbours."""

from pathlib import Path

import pytest
from command import Cli


@pytest.fixture
def listed(two_classes: Path, tmp_path: Path) -> Path:
    images = sorted(two_classes.rglob("*.png"))
    labels = ["round;sweet", "sweet", "", "warm; round", "warm", "round"]
    rows = [f"{image},{row}" for image, row in zip(images, labels, strict=True)]
    path = tmp_path / "tastes.csv"
    path.write_text("\n".join(["path,labels", *rows]))
    return path


def test_from_a_list_to_its_neighbours(cli: Cli, listed: Path, store: Path) -> None:
    found = cli("embed", listed, "--store", store, "--images", 6)
    assert found.code == 0
    assert "6 of 3 classes, several labels per image" in found.out
    assert "principal, 1 draw per image" in found.out

    near = cli("neighbours", "tastes", "--store", store, "--json").json["neighbours"]
    assert {each["name"] for each in near} >= {"emoji_food", "fashion_tops"}
    apart = cli("distance", "tastes", "emoji_food", "--store", store, "--json").json
    assert 0 < apart["symmetric"] < 1


def test_it_cannot_be_fine_tuned_on(cli: Cli, listed: Path, store: Path) -> None:
    found = cli("finetune", listed, "--from", "efficientnet_lite0", "--store", store)
    assert found.code == 2
    told = " ".join(found.err.split())
    assert "expected one label per image, got several labels per image" in told
    tasks = cli("list", "--store", store, "--json").json["tasks"]
    assert "tastes" not in {task["name"] for task in tasks}


def test_categorical_draws_are_refused_with_a_way_out(cli: Cli, listed: Path, store: Path) -> None:
    found = cli("embed", listed, "--store", store, "--images", 6, "--estimator", "categorical")
    assert found.code == 2
    assert "--estimator principal" in " ".join(found.err.split())


def test_the_empirical_fisher_is_not_compared_with_the_fisher(
    cli: Cli, two_classes: Path, store: Path
) -> None:
    options = ("--store", store, "--images", 6, "--estimator", "empirical", "--name", "other")
    assert cli("embed", two_classes, *options).code == 0
    found = cli("distance", "other", "emoji_food", "--store", store)
    assert found.code == 2
    assert "empirical fisher" in found.err
