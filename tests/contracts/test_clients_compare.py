"""Every client compares starting models alike, and trains nothing twice."""

from pathlib import Path
from typing import Any

import pytest
from small_network import reference_of
from small_store import cut

from task2vec import LocalClient
from task2vec.errors import SettingError, UnknownNameError
from task2vec.messages.comparisons import Comparison
from task2vec.messages.jobs import Progress

DEFAULT = "efficientnet_lite0"
SETTINGS = {"images": 16, "epochs": 1}


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

    answer = client.compare(foods, ["tiny", "gone", "tiny"], **SETTINGS, progress=progress.append)

    default, one, gone = answer.rows
    assert [row.model for row in answer.rows] == [DEFAULT, "tiny", "gone"]
    assert (default.expert, one.expert) == (f"foods-from-{DEFAULT}", "foods-from-tiny")
    assert "small-2.safetensors" in (gone.error or "")
    assert (gone.accuracy, gone.expert) == (None, None)
    correct = answers_of(client, answer)
    for row in (default, one):
        assert row.accuracy == pytest.approx(correct[row.expert].count("1") / answer.test_images)
    pairs = list(zip(correct[one.expert], correct[default.expert], strict=True))
    gain = sum((mine > its) - (mine < its) for mine, its in pairs) / answer.test_images
    assert one.gain == pytest.approx(gain)
    assert one.gain_interval[0] < gain < one.gain_interval[1]
    assert default.gain is None
    assert answer.expert == {DEFAULT: default, "tiny": one}[answer.chosen].expert

    progress.clear()
    again = client.compare("foods", ["tiny"], **SETTINGS, progress=progress.append)

    assert not progress
    assert [(row.expert, row.seconds) for row in again.rows] == [
        (row.expert, row.seconds) for row in (default, one)
    ]


def test_what_cannot_be_compared_is_refused_before_any_work(client: Any, foods: Path) -> None:
    client.compare(foods, ["tiny"], **SETTINGS)
    before = [model.name for model in client.models.list()]
    with pytest.raises(UnknownNameError, match="Did you mean 'tiny'"):
        client.compare(foods, [DEFAULT, "tin"])
    with pytest.raises(SettingError, match=r"besides the default.*models list"):
        client.compare(foods, [DEFAULT])
    with pytest.raises(SettingError, match="images"):
        client.compare(foods, ["tiny"], images=3)
    # One that was made of these images would be tested on what it learned.
    with pytest.raises(SettingError, match="foods-from-tiny was fine-tuned on these images"):
        client.compare(foods, ["foods-from-tiny"], **SETTINGS)
    assert [model.name for model in client.models.list()] == before


def test_an_interrupted_comparison_goes_on_where_it_stopped_or_another_did(
    tmp_path: Path, foods: Path
) -> None:
    reference = reference_of(tmp_path)
    said: list[str] = []
    answers: list[Comparison] = []

    def interrupt(progress: Progress) -> None:
        if progress.stage.startswith("2 of 2, tiny: ") and "fold" in progress.stage:
            raise KeyboardInterrupt

    def overtake(progress: Progress) -> None:
        said.append(progress.stage)
        if not answers:
            with LocalClient(tmp_path / "store") as other:
                answers.append(other.compare(foods, ["tiny"], **SETTINGS))

    with LocalClient(tmp_path / "store") as client:
        client.models.add(reference, name="tiny")
        with pytest.raises(KeyboardInterrupt):
            client.compare(foods, ["tiny"], **SETTINGS, progress=interrupt)
        assert experts_of(client) == {f"foods-from-{DEFAULT}"}
        (first,) = client.outcomes.list()

        answer = client.compare(foods, ["tiny"], **SETTINGS, progress=overtake)

        assert all(stage.startswith("2 of 2, tiny: ") for stage in said)
        assert answer == answers[0]
        assert answer.rows[0].accuracy == first.accuracy
        assert answer.rows[0].seconds == first.details["seconds"]
        assert experts_of(client) == {row.expert for row in answer.rows}
        # Other settings are other experts, whose names are taken.
        other = client.compare(foods, ["tiny"], images=12, epochs=1)
    assert {row.expert for row in other.rows} == {f"{row.expert}-2" for row in answer.rows}


def experts_of(client: Any) -> set[str]:
    return {each.name for each in client.models.list() if each.task}
