"""Every client evaluates an expert alike, by what it says of each image."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from client_kinds import client_of
from small_store import SmallStore

from task2vec.errors import InputError, JobFailedError, SettingError, SourceError, UnknownNameError
from task2vec.messages.jobs import Progress


@pytest.fixture
def labelled(small: SmallStore, tmp_path: Path) -> Path:
    """Images of three of the expert's classes, a fourth that it does not tell, one image broken.

    Some images lie with the wrong class: there the expert should err.
    """
    folder = tmp_path / "labelled"
    shutil.copytree(small.sources / "emoji_food", folder)
    first, second, third, fourth = sorted(folder.iterdir())
    fourth.rename(folder / "not of the expert")
    for image in sorted(first.iterdir())[:3]:
        image.rename(second / f"moved-{image.name}")
    (third / "broken.png").write_bytes(b"\x89PNG and no more")
    return folder


def test_all_count_what_the_expert_says_of_each_image(
    client: Any, local_store: str, labelled: Path
) -> None:
    progress: list[Progress] = []

    found = client.evaluate("small", labelled, progress=progress.append)

    with client_of("local", local_store) as local:
        said = [each for each in local.predict("small", labelled) if each.label is not None]
    pairs = Counter((Path(each.path).parent.name, each.label) for each in said)
    known = {pair: n for pair, n in pairs.items() if pair[0] != "not of the expert"}
    classes = found.confusion.classes
    counted = {
        (classes[i], classes[j]): n
        for i, row in enumerate(found.confusion.counts)
        for j, n in enumerate(row)
        if n
    }
    assert counted == known
    right = sum(n for (label, said), n in known.items() if label == said)
    assert found.images == sum(known.values())
    assert found.accuracy == pytest.approx(right / found.images)
    assert found.interval[0] < found.accuracy < found.interval[1]
    assert (found.model, found.source) == ("small", "labelled")
    second = next(each for each in found.by_class if each.label == sorted(classes)[1])
    errors = {said: n for (label, said), n in known.items() if label == second.label != said}
    assert second.images == 11
    assert second.taken_for.images == errors[second.taken_for.name] == max(errors.values())
    assert any("does not know 1 class" in w and "not of the expert" in w for w in found.warnings)
    assert any(w.startswith("1 image left out") for w in found.warnings)
    steps = [(each.done, each.total) for each in progress if each.stage == "predicting"]
    # Whoever waits for a job hears of some steps only.
    assert steps == sorted(steps)
    assert all(total == 25 for _, total in steps)


def test_all_draw_the_same_images_where_there_are_more(client: Any, labelled: Path) -> None:
    first, same, other = (
        client.evaluate("small", labelled, images=9, seed=seed) for seed in (0, 0, 1)
    )
    assert first.images in (8, 9)
    assert first.confusion == same.confusion
    assert first.confusion != other.confusion
    assert any("9 of 25 images used, drawn at random" in warning for warning in first.warnings)


def test_all_say_where_the_expert_learned_from_these_images(
    client: Any, small: SmallStore, labelled: Path
) -> None:
    learned = client.evaluate("small", small.sources / "emoji_food")
    assert learned.warnings[0].startswith("small was fine-tuned on images of emoji_food")
    assert not any("fine-tuned" in w for w in client.evaluate("small", labelled).warnings)


def test_a_source_with_a_test_split_is_evaluated_on_it(
    client: Any, labelled: Path, tmp_path: Path
) -> None:
    for split, of in (("train", 0), ("test", 1)):
        for label in labelled.iterdir():
            shutil.copytree(label, tmp_path / "split" / split / label.name)
            images = sorted((tmp_path / "split" / split / label.name).iterdir())
            for image in images[of::2]:
                image.unlink()
    found = client.evaluate("small", tmp_path / "split")
    test = tmp_path / "split" / "test"
    known = [path for path in test.rglob("*.png") if path.parent.name != "not of the expert"]
    assert found.images == len([path for path in known if path.name != "broken.png"])
    assert any("of split test used" in warning for warning in found.warnings)


def test_what_cannot_be_is_refused_alike(client: Any, small: SmallStore, labelled: Path) -> None:
    with pytest.raises(UnknownNameError):
        client.evaluate("nosuch", labelled)
    with pytest.raises(InputError, match=r"'efficientnet_lite1' has no classes.*finetune FOLDER"):
        client.evaluate("efficientnet_lite1", labelled)
    with pytest.raises(SettingError, match="images"):
        client.evaluate("small", labelled, images=0)
    with pytest.raises((SourceError, JobFailedError), match="no image of a class that small knows"):
        client.evaluate("small", small.sources / "greek_capitals")
