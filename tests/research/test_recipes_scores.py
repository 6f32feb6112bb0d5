"""Scoring a model on a draw: by one pass of its two parts, as by the model as a whole."""

from types import SimpleNamespace

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import nn

from research.recipes.scores import COLUMNS, JUDGED, scored
from research.scores.names import TuningScoreName
from research.scores.score import SCORES, ScoreName
from research.scores.seen import Seen
from research.transfer.targets import Draw
from research.transfer.zoo import Starting
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.probe import Probe

ARCHITECTURE = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def model() -> Starting:
    torch.manual_seed(0)
    network = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=0).eval()
    card = ProbeCard(
        name="random",
        architecture=ARCHITECTURE,
        weights="none",
        preprocessing=Preprocessing(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        licence="MIT",
    )
    return Starting("random", None, Probe(card, network), nn.Linear(1280, 5))


def test_a_row_holds_the_scores_of_the_images_that_train(model: Starting) -> None:
    rng = np.random.default_rng(0)
    pixels = [Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)) for _ in range(16)]
    images = tuple(model.probe.preprocess(image) for image in pixels)
    labels = np.arange(16) % 3
    target = SimpleNamespace(images=images, labels=labels, classes=3)
    draw = Draw(np.arange(12), np.arange(12, 16))
    count, *told = scored(model, target, draw)  # type: ignore[arg-type]
    assert count == 12
    assert len(told) + 5 == len(COLUMNS)
    found = dict(zip(JUDGED, map(float, told), strict=False))
    features = model.probe.features(images[:12]).numpy()
    seen = Seen(features, labels[:12], classes=3)
    for name in (ScoreName.LOGME, ScoreName.RIDGE):
        assert found[name] == pytest.approx(SCORES[name](seen), rel=1e-4)
    assert np.isfinite(found[TuningScoreName.LABEL_GRADIENT])
    assert all(float(seconds) >= 0 for seconds in told[len(JUDGED) :])
