"""A class counts as much as any other in fine-tuning, however many images it has."""

import numpy as np
from small_network import reference_of

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.embedding.engine import LocalEngine
from task2vec.finetuning.run import Expert, tune
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import hold_out

MANY, RARE = 40, 4
#: The share that a classifier gives to the rare class where the image says nothing: counting
#: classes gives a half, counting images a tenth or less.
BY_CLASS, BY_IMAGE = 0.5, RARE / (MANY + RARE)


def noise(counts):
    """Images of noise, a number per class, in brightness that their class decides."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(counts)), counts)
    pixels = rng.integers(0, 80, (len(labels), 32, 32, 3)) + 60 * labels[:, None, None, None]
    return task_from_arrays(pixels.astype(np.uint8), labels.tolist(), name="noise")


def test_few_images_are_drawn_evenly_and_every_class_is_in_each_part():
    parts = hold_out(noise((200, 20)), images=40, seed=0, transform=np.asarray)

    drawn = np.concatenate([p.labels for p in (parts.training, parts.validation, parts.test)])
    assert np.bincount(drawn).tolist() == [20, 20]
    for part in (parts.training, parts.validation, parts.test):
        assert (np.bincount(part.labels, minlength=2) > 0).all()


def test_the_answer_tells_each_class_by_itself(tmp_path):
    tuned = tune(
        LocalEngine("cpu").probe(reference_of(tmp_path)),
        noise((60, 12, 12)),
        images=84,
        settings=FineTuningSettings(epochs=1),
        expert=Expert("noise expert", "noise", "small"),
        target=tmp_path / "expert.safetensors",
    )

    # A quarter of each.
    assert [each.images for each in tuned.by_class] == [15, 3, 3]
    assert sum(each.correct for each in tuned.by_class) == sum(tuned.correct)
    shares = [each.correct / each.images for each in tuned.by_class]
    assert tuned.balanced_accuracy == np.mean(shares)
    assert tuned.accuracy == np.mean(tuned.correct)
