"""The small pictures of each class of a task."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.sampling.sample import all_images
from task2vec.embedding.class_pictures import class_pictures
from task2vec.errors import InputError
from task2vec.types.class_pictures import LARGEST_SHEET, ClassPictures

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SEVERAL = np.array([[0, 1, 0], [1, 0, 1], [1, 1, 0]])


def pictures_of(colours, labels, *, side=8):
    images = [np.full((side, side, 3), colour, dtype=np.uint8) for colour in colours]
    task = task_from_arrays(images, labels, name="x")
    return class_pictures(all_images(task, transform=np.asarray))


def shown(found):
    """Return the colour in the middle of each place of the sheet, row by row, rounded."""
    with Image.open(BytesIO(found.sheet)) as sheet:
        assert sheet.format == "JPEG"
        pixels = np.asarray(sheet, dtype=np.int64)
    middle = slice(found.side // 2, None, found.side)
    return [
        [tuple(255 * (value > 127) for value in pixel) for pixel in row]
        for row in pixels[middle, middle].tolist()
    ]


def test_a_row_shows_the_first_four_images_of_a_class() -> None:
    found = pictures_of([RED] * 6 + [GREEN, BLUE, RED], [0] * 6 + [1, 1, 2])

    assert (found.side, found.counts) == (8, (4, 2, 1))
    assert shown(found) == [
        [RED, RED, RED, RED],
        [GREEN, BLUE, WHITE, WHITE],
        [RED, WHITE, WHITE, WHITE],
    ]


def test_an_image_with_several_labels_stands_in_the_row_of_each() -> None:
    found = pictures_of([RED, GREEN, BLUE], SEVERAL)

    assert found.counts == (2, 2, 1)
    assert shown(found) == [[GREEN, BLUE], [RED, BLUE], [GREEN, WHITE]]


def test_larger_images_are_made_small() -> None:
    assert pictures_of([RED, GREEN], [0, 1], side=100).side == 64


def test_of_many_classes_there_are_fewer_each_and_the_sheet_is_bounded() -> None:
    rng = np.random.default_rng(0)
    for classes, each, rows in ((150, 2, 150), (450, 1, 400)):
        labels = np.repeat(np.arange(classes), 3)
        images = rng.integers(0, 256, (len(labels), 64, 64, 3), dtype=np.uint8)
        task = task_from_arrays(images, labels.tolist(), name="many")
        found = class_pictures(all_images(task, transform=np.asarray))
        assert (len(found.counts), max(found.counts), sum(found.counts)) == (
            classes,
            each,
            each * rows,
        )
        assert found.counts[0] == found.counts[-1] == each
        # Noise is the largest that there is.
        assert len(found.sheet) <= LARGEST_SHEET


def test_they_are_written_and_read_as_bytes() -> None:
    found = pictures_of([RED, GREEN, BLUE], [0, 1, 1])
    data = found.to_bytes()

    assert ClassPictures.from_bytes(data, classes=2) == found
    for wrong, classes in ((data, 3), (data[:4], 2), (data[: -len(found.sheet)], 2), (b"", 2)):
        with pytest.raises(InputError, match="no pictures"):
            ClassPictures.from_bytes(wrong, classes=classes)


@pytest.mark.parametrize(
    ("side", "counts", "sheet"),
    [
        (0, (1,), b"\xff\xd8\xff"),
        (65, (1,), b"\xff\xd8\xff"),
        (8, (5,), b"\xff\xd8\xff"),
        (8, (0, 0), b"\xff\xd8\xff"),
        (8, (1,) * 401, b"\xff\xd8\xff"),
        (8, (1,), b"\x89PNG"),
        (8, (1,), b"\xff\xd8\xff".ljust(LARGEST_SHEET + 1)),
    ],
)
def test_what_exceeds_the_limits_is_refused(side, counts, sheet) -> None:
    with pytest.raises(InputError, match="no pictures"):
        ClassPictures(side, counts, sheet)
