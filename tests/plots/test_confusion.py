"""The picture of a table of confusions: cells where they belong, names and counts beside them."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from task2vec.messages.evaluations import Confusion
from task2vec.plots.confusion import compose_confusion
from task2vec.plots.figure import save

THREE = Confusion(classes=("cat", "dog", "eel"), counts=((8, 2, 0), (1, 9, 0), (0, 0, 0)))


def texts(figure, gid):
    return [text for text in figure.axes[0].texts if text.get_gid() == gid]


def many(classes):
    names = tuple(f"a_long_name_of_class_number_{i}" for i in range(classes))
    rows = np.eye(classes, dtype=int) + 1
    return Confusion(classes=names, counts=tuple(map(tuple, rows.tolist())))


def test_a_count_stands_in_the_row_of_its_class_and_the_column_of_what_it_was_taken_for():
    figure = compose_confusion(THREE, title="pets")
    rows = {text.get_text(): text.get_position()[1] for text in texts(figure, "row")}
    columns = {text.get_text(): text.get_position()[0] for text in texts(figure, "column")}
    (two,) = [text for text in texts(figure, "count") if text.get_text() == "2"]
    assert two.get_position() == pytest.approx((columns["dog"], rows["cat"]))
    assert rows["cat"] > rows["dog"] > rows["eel"]
    assert columns["cat"] < columns["dog"] < columns["eel"]
    assert sorted(text.get_text() for text in texts(figure, "count")) == ["1", "2", "8", "9"]


def test_the_shade_grows_with_the_share_of_the_row():
    data = BytesIO()
    save(compose_confusion(THREE, title="pets"), data)
    image = np.asarray(Image.open(data).convert("RGB")).astype(int)
    (cells,) = compose_confusion(THREE, title="pets").axes[0].images
    left, right, _, top = cells.get_extent()
    step = (right - left) / 3

    def shade(row, column):
        # Beside the count in the middle of the cell.
        x, y = left + (column + 0.1) * step, top - (row + 0.1) * step
        return image[round(len(image) - y), round(x)]

    assert (shade(2, 0) == 255).all()
    assert shade(0, 0)[0] < shade(0, 1)[0] < shade(1, 0)[0] < 255


@pytest.mark.parametrize("classes", [2, 16, 17, 60, 61])
def test_names_and_counts_are_left_out_where_they_would_not_be_read(classes):
    figure = compose_confusion(many(classes), title="many")
    assert len(texts(figure, "row")) == (classes if classes <= 60 else 0)
    assert len(texts(figure, "count")) == (classes**2 if classes <= 16 else 0)
