"""Experts of real images: their temperatures on images that took no part in anything."""

import numpy as np
from small_store import EXAMPLES

from task2vec.data.open import open_source
from task2vec.embedding.engine import LocalEngine
from task2vec.finetuning.card import read_classifier_card
from task2vec.finetuning.predict import load_classifier, predictions
from task2vec.finetuning.run import Expert, tune
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.temperature import shares

BINS = 10


def loss(probabilities, labels):
    """Mean negative log-likelihood."""
    return -np.mean([np.log(row[label]) for row, label in zip(probabilities, labels, strict=True)])


def calibration_error(probabilities, labels):
    """How far, bin by bin of the highest probability, its mean is from the share of right ones."""
    found = 0.0
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    for low in np.arange(BINS) / BINS:
        chosen = (sure > low) & (sure <= low + 1 / BINS)
        if chosen.any():
            found += chosen.mean() * abs(sure[chosen].mean() - right[chosen].mean())
    return found


def test_held_out_images_are_told_no_worse(tmp_path):
    engine = LocalEngine("cpu")
    task = open_source(EXAMPLES / "clipart_food")
    file = tmp_path / "expert.safetensors"
    tuned = tune(
        engine.probe("efficientnet_lite0?input_size=32"),
        task,
        images=120,
        settings=FineTuningSettings(epochs=2),
        expert=Expert("food", task.name, "efficientnet_lite0"),
        target=file,
    )
    card = read_classifier_card(file, name="food")
    classifier = load_classifier(engine.probe(f"file:{file}"), file, card)
    images = list(task.reader.read(tuned.test_keys))
    found = {each.path: each for each in predictions(classifier, images)}
    classes = {entry.key: task.classes[entry.label] for entry in task.entries}
    labels = np.array([card.classes.index(classes[key]) for key in tuned.test_keys])
    calibrated = np.array([list(found[key].probabilities.values()) for key in tuned.test_keys])

    # The accuracy that was told is that of these very predictions.
    assert (calibrated.argmax(axis=1) == labels).tolist() == [*tuned.correct]
    own = shares(np.log(calibrated) * card.temperature.value, 1.0)
    assert card.temperature.value != 1
    assert loss(calibrated, labels) < loss(own, labels)
    assert calibration_error(calibrated, labels) < calibration_error(own, labels) + 0.01
