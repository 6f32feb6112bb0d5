"""Every client compares starting models alike, and trains nothing twice."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client_kinds import KINDS, client_of, serving
from small_network import reference_of
from small_store import SmallStore, cut

from task2vec import LocalClient
from task2vec.errors import SettingError, UnknownNameError
from task2vec.messages.comparisons import Comparison
from task2vec.messages.jobs import Progress

DEFAULT = "efficientnet_lite0"
SETTINGS = {"images": 16, "epochs": 1}


@pytest.fixture(scope="module")
def stores(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where each kind of client finds a store with two small networks, of which one is gone."""
    folder = tmp_path_factory.mktemp("compare")
    for name, seed in (("small", 0), ("gone", 1)):
        reference = reference_of(folder, seed=seed)
        for store in ("here", "there"):
            if not (folder / store).exists():
                shutil.copytree(small.store, folder / store)
            with LocalClient(folder / store) as client:
                client.models.add(reference, name=name)
    (folder / "small-1.safetensors").unlink()
    with serving(folder / "there") as url:
        yield {kind: str(folder / "here") if kind == "local" else url for kind in KINDS}


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, stores: dict[str, str]) -> Iterator[Any]:
    with client_of(request.param, stores[request.param]) as made:
        yield made


@pytest.fixture(scope="module")
def foods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source that no store has."""
    return cut("emoji_food", tmp_path_factory.mktemp("compared") / "foods", classes=2, images=8)


def answers_of(client: Any, answer: Comparison) -> dict[str, str]:
    """Return which test images each expert had right, as its outcome says."""
    details = [each.details for each in client.outcomes.list(task=answer.task)]
    names = {model.id: model.name for model in client.models.list()}
    return {names[each["expert"]]: each["correct"] for each in details}


def test_all_compare_on_the_same_images_and_train_nothing_twice(client: Any, foods: Path) -> None:
    progress: list[Progress] = []

    answer = client.compare(foods, ["small", "gone", "small"], **SETTINGS, progress=progress.append)

    default, one, gone = answer.rows
    assert [row.model for row in answer.rows] == [DEFAULT, "small", "gone"]
    assert (default.expert, one.expert) == (f"foods-from-{DEFAULT}", "foods-from-small")
    assert "small-1.safetensors" in (gone.error or "")
    assert (gone.accuracy, gone.expert) == (None, None)
    correct = answers_of(client, answer)
    for row in (default, one):
        assert row.accuracy == pytest.approx(correct[row.expert].count("1") / answer.test_images)
    pairs = list(zip(correct[one.expert], correct[default.expert], strict=True))
    gain = sum((mine > its) - (mine < its) for mine, its in pairs) / answer.test_images
    assert one.gain == pytest.approx(gain)
    assert one.gain_interval[0] < gain < one.gain_interval[1]
    assert default.gain is None
    assert answer.expert == {DEFAULT: default, "small": one}[answer.chosen].expert

    progress.clear()
    again = client.compare("foods", ["small"], **SETTINGS, progress=progress.append)

    assert not progress
    assert [(row.expert, row.seconds) for row in again.rows] == [
        (row.expert, row.seconds) for row in (default, one)
    ]


def test_what_cannot_be_compared_is_refused_before_any_work(client: Any, foods: Path) -> None:
    client.compare(foods, ["small"], **SETTINGS)
    before = [model.name for model in client.models.list()]
    with pytest.raises(UnknownNameError, match="Did you mean 'small'"):
        client.compare(foods, [DEFAULT, "smal"])
    with pytest.raises(SettingError, match=r"besides the default.*models list"):
        client.compare(foods, [DEFAULT])
    with pytest.raises(SettingError, match="images"):
        client.compare(foods, ["small"], images=3)
    # One that was made of these images would be tested on what it learned.
    with pytest.raises(SettingError, match="foods-from-small was fine-tuned on these images"):
        client.compare(foods, ["foods-from-small"], **SETTINGS)
    assert [model.name for model in client.models.list()] == before


def test_an_interrupted_comparison_goes_on_where_it_stopped_or_another_did(
    tmp_path: Path, foods: Path
) -> None:
    reference = reference_of(tmp_path)
    said: list[str] = []
    answers: list[Comparison] = []

    def interrupt(progress: Progress) -> None:
        if progress.stage.startswith("2 of 2, small: ") and "fold" in progress.stage:
            raise KeyboardInterrupt

    def overtake(progress: Progress) -> None:
        said.append(progress.stage)
        if not answers:
            with LocalClient(tmp_path / "store") as other:
                answers.append(other.compare(foods, ["small"], **SETTINGS))

    with LocalClient(tmp_path / "store") as client:
        client.models.add(reference, name="small")
        with pytest.raises(KeyboardInterrupt):
            client.compare(foods, ["small"], **SETTINGS, progress=interrupt)
        assert experts_of(client) == {f"foods-from-{DEFAULT}"}
        (first,) = client.outcomes.list()

        answer = client.compare(foods, ["small"], **SETTINGS, progress=overtake)

        assert all(stage.startswith("2 of 2, small: ") for stage in said)
        assert answer == answers[0]
        assert answer.rows[0].accuracy == first.accuracy
        assert answer.rows[0].seconds == first.details["seconds"]
        assert experts_of(client) == {row.expert for row in answer.rows}
        # Other settings are other experts, whose names are taken.
        other = client.compare(foods, ["small"], images=12, epochs=1)
    assert {row.expert for row in other.rows} == {f"{row.expert}-2" for row in answer.rows}


def experts_of(client: Any) -> set[str]:
    return {each.name for each in client.models.list() if each.task}
