"""Stripes in noise, which a random network's frozen features see dimly."""

import numpy as np
from PIL import Image

from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled

CLASSES = 3
QUICK = FineTuningSettings(epochs=8, patience=8, learning_rate=0.03, seed=3)


def stripes(probe, count, seed):
    """Draw stripes of 24 x 24 pixels in strong noise: their direction is the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    y, x = np.mgrid[:24, :24]
    images = []
    for label in labels:
        angle, phase = np.pi * label / CLASSES, rng.uniform(0, 2 * np.pi)
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / 8 + phase)
        pixels = 128 + 70 * wave[..., None] + 130 * rng.normal(size=(24, 24, 3))
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        images.append(probe.preprocess(image))
    return Labelled(tuple(images), labels.astype(np.int64), tuple(map(str, range(count))))
