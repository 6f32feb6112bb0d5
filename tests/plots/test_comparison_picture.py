"""The picture of a comparison: every model is named, its mark tells its gain over the default."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from task2vec.messages.comparisons import ComparedModel, Comparison
from task2vec.plots.comparison import compose_comparison
from task2vec.plots.figure import save


def model(name, gain=None, ends=None, *, better=None, error=None):
    return ComparedModel(model=name, gain=gain, gain_interval=ends, better=better, error=error)


COMPARISON = Comparison(
    task="birds",
    chosen="one",
    expert="birds-from-one",
    verdict="Take one.",
    test_images=40,
    rows=(
        model("default"),
        model("one", 0.2, (0.1, 0.3), better=True),
        model("a model with a name that is much too long", -0.1, (-0.2, 0.1)),
        model("gone", error="its weights are gone"),
    ),
)


def test_a_mark_lies_at_its_gain_and_the_default_at_0():
    figure = compose_comparison(COMPARISON)
    axes = figure.axes[0]
    default, one, other = (c.get_offsets()[0] for c in axes.collections)
    assert one[0] - default[0] == pytest.approx(2 * (default[0] - other[0]))
    assert default[1] > one[1] > other[1]
    labels = {t.get_text(): t.get_fontweight() for t in axes.texts if t.get_gid() == "label"}
    assert labels["one"] == "bold"
    assert labels["default"] == "normal"
    assert len(labels) == 3


def test_everything_stays_on_the_paper_and_a_picture_is_whole():
    figure = compose_comparison(COMPARISON.model_copy(update={"task": "t" * 200}))
    width, height = figure.get_size_inches() * figure.dpi
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= width, text
        assert 0 <= box.y0 <= box.y1 <= height, text
    data = BytesIO()
    save(figure, data)
    assert np.asarray(Image.open(data)).shape[1] == round(width)
