"""What a short fine-tuning and a linear probe of a starting model look at, and what they report."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_network import reference_of
from small_store import cut

from task2vec.data.open import open_source
from task2vec.embedding.engine import LocalEngine
from task2vec.finetuning.classify import classify
from task2vec.finetuning.probe_cache import ProbeCache
from task2vec.finetuning.prober import Prober
from task2vec.finetuning.recipe import fine_tune
from task2vec.finetuning.run import short_tuning
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import hold_out
from task2vec.probe.probe import Probe
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy

ONE = FineTuningSettings(epochs=1)


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return LocalEngine().probe(reference_of(tmp_path_factory.mktemp("small")))


def linear_probe(probe: Probe, source: Path, images: int) -> ProbeAccuracy | None:
    cache = ProbeCache(source.parent / "measured")
    measured = Prober(open_source(source), images, cache).measure(lambda: probe, None)
    return measured and measured.found


def spoil(folder: Path) -> None:
    """Let no image below a folder be readable, so that looking at one fails."""
    for image in folder.rglob("*.png"):
        image.write_bytes(b"no image")


def test_a_test_split_is_not_looked_at(probe: Probe, tmp_path: Path) -> None:
    cut("emoji_food", tmp_path / "t" / "train")
    spoil(cut("emoji_food", tmp_path / "t" / "test"))
    task = open_source(tmp_path / "t")
    assert task.splits == ("train", "test")
    found = short_tuning(probe, task, images=32, settings=ONE)
    # A quarter of four classes of eight.
    assert found is not None
    assert len(found.correct) == 8


def test_a_linear_probe_looks_at_none_either_where_no_split_is_called_train(
    probe: Probe, tmp_path: Path
) -> None:
    for split in ("val", "test"):
        cut("emoji_food", tmp_path / "t" / split)
    found = linear_probe(probe, tmp_path / "t", 64)
    assert found is not None
    assert len(found.correct) == 32


def test_a_task_that_is_all_test_is_not_measured(probe: Probe, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "t" / "test").parent
    assert short_tuning(probe, open_source(source), images=32, settings=ONE) is None
    assert linear_probe(probe, source, 32) is None


@pytest.mark.parametrize("rate", [1e-6, 1e-2])
def test_what_is_tested_is_the_recipe_that_fine_tuning_chooses(
    probe: Probe, tmp_path: Path, rate: float
) -> None:
    task = open_source(cut("emoji_food", tmp_path / "emoji_food"))
    settings = FineTuningSettings(epochs=2, learning_rate=rate)
    found = short_tuning(probe, task, images=32, settings=settings)
    parts = hold_out(task, images=32, seed=0, transform=probe.preprocess)
    made = fine_tune(probe, parts.training, parts.validation, classes=4, settings=settings)
    logits = classify(made.backbone, made.classifier, probe, parts.test.images)
    assert found is not None
    assert made.choice is not None
    assert np.array_equal(found.correct, logits.argmax(dim=1).numpy() == parts.test.labels)
    assert found.recipe is made.choice.chosen


def test_a_probe_takes_its_time_to_read_and_in_the_network(probe: Probe, tmp_path: Path) -> None:
    now, ticks = 100.0, []

    def tick(done: int, total: int) -> None:
        nonlocal now
        now += 1.0 if done <= total // 2 else 4.0
        ticks.append(done <= total // 2)

    task = open_source(cut("emoji_food", tmp_path / "t"))
    prober = Prober(task, 32, ProbeCache(tmp_path / "measured"), now=lambda: now)
    measured = prober.measure(lambda: probe, None, since=90.0, progress=tick)
    assert measured is not None
    pace, reading = measured.pace, sum(ticks)
    assert 0 < reading < len(ticks)
    assert (pace.read, pace.passed) == (10.0 + reading, 4.0 * (len(ticks) - reading))
    assert (pace.images, pace.an_image) == (32, pace.passed / 32)
    assert measured.seconds == pace.read + pace.passed


def test_copies_of_images_are_not_tested_on_what_they_trained(probe: Probe, tmp_path: Path) -> None:
    """Of random labels nothing can be learnt, unless copies are on both sides."""
    rng = np.random.default_rng(0)
    for place in range(24):
        image = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((64, 64))
        folder = tmp_path / "noise" / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        for copy, quality in enumerate((95, 90, 85, 80)):
            image.save(folder / f"{place}-{copy}.jpg", quality=quality)
    found = linear_probe(probe, tmp_path / "noise", 96)
    assert found is not None
    # Each image and its copies are held out together, and all are tested.
    assert len(found.correct) == 96
    assert found.accuracy < 0.8
    assert found.error > 0.8


def test_all_images_of_a_fixed_camera_are_used(probe: Probe, tmp_path: Path) -> None:
    """They have one background, and are near duplicates of one another across the classes."""
    rng = np.random.default_rng(0)
    scene = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((98, 98))
    background = np.asarray(scene, dtype=np.float32)
    for place in range(120):
        x, y = rng.integers(0, 3, size=2)
        pixels = background[y : y + 96, x : x + 96] * rng.uniform(0.95, 1.05)
        pixels = pixels + rng.normal(0, 3, pixels.shape)
        # A small defect of each class, of its own colour and place.
        u = 20 + 20 * (place % 3)
        pixels[40:46, u : u + 6] = np.eye(3)[place % 3] * 255
        folder = tmp_path / "parts" / ("good", "bent", "torn")[place % 3]
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        image.save(folder / f"{place}.png")
    found = linear_probe(probe, tmp_path / "parts", 120)
    assert found is not None
    assert len(found.correct) == 120
    # Better than guessing among three classes.
    assert found.interval(level=0.95)[0] > 1 / 3


def test_of_exact_copies_one_counts_for_each_label(probe: Probe, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "t")
    first, other, *_ = sorted(each for each in source.iterdir() if each.is_dir())
    image = min(first.iterdir())
    before = linear_probe(probe, source, 64)
    shutil.copy(image, first / "copy.png")
    once = linear_probe(probe, source, 64)
    shutil.copy(image, other / "copy.png")
    twice = linear_probe(probe, source, 64)
    assert before is not None
    assert once is not None
    assert twice is not None
    counts = [len(each.correct) for each in (before, once, twice)]
    assert counts == [32, 32, 33]
