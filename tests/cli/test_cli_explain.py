"""`task2vec recommend --explain`: what moved the answer, which layers differ, what is hard."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from command import Cli
from PIL import Image
from small_store import EXAMPLES, USED, snapshot

from task2vec.store.opening import DATABASE

ONLY_DEFAULT = ("--architecture", "tf_efficientnet_lite0", "--images", USED)
#: The blocks of the default probe that have depthwise filters.
BLOCKS = [f"blocks.{i}" for i in range(7)]


def backed(answer: dict[str, Any]) -> list[str]:
    """Check that the values of all sentences are where they say, and return the texts."""
    explanation = answer["explanation"]
    for sentence in explanation["sentences"]:
        assert sentence["values"]
        for place, value in sentence["values"].items():
            found = explanation
            for part in place.split("/")[1:]:
                found = found[int(part)] if isinstance(found, list) else found[part]
            assert found == value, place
    return [sentence["text"] for sentence in explanation["sentences"]]


def adds_up(answer: dict[str, Any]) -> None:
    """Check that the parts of each score, and of each distance, add up to it."""
    scores = {row["model"]: row["score"] for row in answer["recommendations"]}
    for told in answer["explanation"]["outcomes"]:
        parts = sum(move["moved"] for move in told["moves"]) + told["rest"]
        assert parts == pytest.approx(scores[told["model"]], abs=1e-9)
    for compared in answer["explanation"]["layers"]:
        whole = compared["by_layer"]
        groups = whole["groups"]
        assert sum(g["part"] for g in groups) == pytest.approx(whole["plain"], abs=1e-12)
        assert sum(g["share"] for g in groups) == pytest.approx(1, abs=1e-12)


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four classes, of which two are the left and the right halves of the same images."""
    target = tmp_path_factory.mktemp("sources") / "deserts"
    day = EXAMPLES / "satellite_day"
    for name in ("amazon", "antarctic_ice"):
        (target / name).mkdir(parents=True)
        for path in sorted((day / name).iterdir())[:12]:
            Image.open(path).convert("RGB").save(target / name / f"{path.stem}.png")
    for name, side in (("sahara_east", 1), ("sahara_west", 0)):
        (target / name).mkdir(parents=True)
        for path in sorted((day / "sahara").iterdir())[:12]:
            image = Image.open(path).convert("RGB")
            middle = image.width // 2
            part = image.crop((side * middle, 0, (side + 1) * middle, image.height))
            part.save(target / name / f"{path.stem}.png")
    return target


def test_classes_that_are_halves_of_the_same_images_are_hard(cli: Cli, halves: Path) -> None:
    assert cli("embed", halves, "--images", 48).code == 0
    asked = ("--architecture", "tf_efficientnet_lite0", "--budget", 0, "--explain")
    found = cli("recommend", "deserts", *asked, "--json")
    answer = found.json
    classes = answer["explanation"]["classes"]

    # There is no other task: the answer abstains, and nothing can be compared.
    assert found.code == 3
    assert answer["explanation"]["layers"] == []
    assert [each["about"] for each in answer["explanation"]["unknown"]] == ["layers"]
    hard = {each["name"]: each["taken_for"]["name"] for each in classes["classes"] if each["hard"]}
    assert hard == {"sahara_east": "sahara_west", "sahara_west": "sahara_east"}
    assert classes["hard_classes"] == 2
    assert [each["images"] for each in classes["classes"]] == [12] * 4
    texts = backed(answer)
    assert any(text.startswith("sahara_east: ") and "sahara_west" in text for text in texts)
    adds_up(answer)

    told = cli("recommend", "deserts", *asked)
    table = told.out
    assert "Hard classes are found by ridge regression" in told.err
    for text in texts:
        assert text in table
    assert "Not known: no other stored task can be compared with this one" in table


@pytest.fixture
def known(cli: Cli, store: Path) -> Path:
    """A store with outcomes that speak for another model."""
    for task in ("fashion_tops", "greek_capitals", "latin_small_letters"):
        for model, accuracy in (("efficientnet_lite0", 0.5), ("efficientnet_lite1", 0.8)):
            cli("outcomes", "add", model, task, "--accuracy", accuracy, "--store", store)
    return store


@pytest.mark.parametrize("budget", [0, 1])
def test_a_stored_task_is_explained(cli: Cli, known: Path, budget: int) -> None:
    before = snapshot(known)
    asked = ("--max-parameters", 5_500_000, "--images", USED, "--store", known, "--budget", budget)
    asked = (*asked, "--no-bundles")
    answer = cli("recommend", "emoji_food", *asked, "--explain", "--json").json
    explanation = answer["explanation"]

    assert snapshot(known) == before
    adds_up(answer)
    texts = backed(answer)
    assert explanation["unknown"] == []
    told = {each["model"]: each for each in explanation["outcomes"]}
    assert list(told) == [row["model"] for row in answer["recommendations"]]
    moved = told["efficientnet_lite1"]
    assert (moved["outcomes"], moved["by_outcomes"] > 0) == (3, True)
    assert told["efficientnet_lite0"]["moves"] == []
    assert sum("from 3 recorded outcomes" in text for text in texts) == 1


def test_tasks_of_an_earlier_version_say_what_is_missing(cli: Cli, store: Path) -> None:
    with sqlite3.connect(store / DATABASE) as raw:
        raw.execute("DELETE FROM task_details")
    raw.close()
    asked = ("recommend", "emoji_food", "--store", store, *ONLY_DEFAULT, "--explain")
    explanation = cli(*asked, "--json").json["explanation"]

    assert explanation["classes"] is None
    assert explanation["layers"] == []
    assert [each["about"] for each in explanation["unknown"]] == ["layers", "classes"]
    assert all("--update" in each["reason"] for each in explanation["unknown"])
    assert cli(*asked).out.count("Not known: ") == 2


def test_details_travel_with_an_exported_task(on: Cli, store: Path, tmp_path: Path) -> None:
    from task2vec import LocalClient
    from task2vec.store import Store

    on("export", "emoji_food", tmp_path / "food.npz")
    with LocalClient(store) as client:
        client.tasks.import_embedding(tmp_path / "food.npz", name="again")
    with Store.open(store, create=False) as opened:
        assert opened.tasks.details("again") == opened.tasks.details("emoji_food")
        assert opened.tasks.details("again").classes is not None
        assert opened.tasks.details("again").head.nats > 0
