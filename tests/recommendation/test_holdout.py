"""Which images train and which test, on folders of pictures that tell their number."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.open import open_source
from task2vec.errors import SourceError
from task2vec.finetuning.splits import foreseen, hold_out


def divide(source, *, images=400, seed=0):
    return hold_out(open_source(source), images=images, seed=seed, transform=np.asarray)


def per_class(part, classes):
    """Count by the class that the folder says, and check that the label says the same."""
    for key, label in zip(part.keys, part.labels, strict=True):
        assert key.split("/")[-2] == classes[label]
    assert len(part.images) == len(part.labels) == len(part.keys)
    return Counter(classes[label] for label in part.labels)


def parts(holdout):
    return holdout.training, holdout.validation, holdout.test


def numbers(part):
    """Tell which pictures these are by their names."""
    return {int(key.split("-")[-1].removesuffix(".png")) for key in part.keys}


def test_every_class_gives_its_share_to_each_part(write_task):
    source = write_task({"a": range(40), "b": range(100, 120), "c": range(200, 208)})
    found = divide(source)
    training, validation, test = (per_class(part, found.classes) for part in parts(found))
    assert test == {"a": 10, "b": 5, "c": 2}
    # 15 % of the 30, 15 and 6 that are left.
    assert validation == {"a": 4, "b": 2, "c": 1}
    assert training == {"a": 26, "b": 13, "c": 5}
    every = [key for part in parts(found) for key in part.keys]
    assert len(every) == len(set(every)) == 68
    assert found.warnings == ()


def test_the_same_seed_divides_alike_and_another_does_not(write_task):
    source = write_task({"a": range(30), "b": range(100, 130)})
    first, again, other = divide(source), divide(source), divide(source, seed=1)
    for one, two in zip(parts(first), parts(again), strict=True):
        assert one.keys == two.keys
        assert np.array_equal(one.labels, two.labels)
    assert set(first.test.keys) != set(other.test.keys)
    assert set(first.validation.keys) != set(other.validation.keys)


def test_images_bounds_what_is_drawn(write_task):
    found = divide(write_task({"a": range(30), "b": range(100, 130)}), images=20)
    assert sum(len(part.keys) for part in parts(found)) == 20


# The first call imports Pillow's formats.
@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=4), seed=st.integers(0, 20))
def test_the_parts_are_disjoint_and_every_class_trains(sizes, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    images = np.zeros((len(labels), 8, 8), dtype=np.uint8)
    images[:, 0, 0] = np.arange(len(labels))
    task = task_from_arrays(images, labels, name="numbered")
    found = hold_out(task, images=400, seed=seed, transform=np.asarray)
    shown = [[int(image[0, 0, 0]) for image in part.images] for part in parts(found)]
    assert sorted(chain(*shown)) == list(range(len(labels)))
    for pictures, part in zip(shown, parts(found), strict=True):
        assert np.array_equal(labels[pictures], part.labels)
    for label, size in enumerate(sizes):
        training, validation, test = ((part.labels == label).sum() for part in parts(found))
        assert training >= 1
        assert (test > 0) == (size >= 3)
        assert (validation > 0) == (size - test >= 5)
        assert abs(test - 0.25 * size) <= 0.5 or test == 1 or size < 3


def test_too_few_images_give_no_test_and_say_so(write_task):
    found = divide(write_task({"a": [1, 2], "b": [3, 4]}))
    assert numbers(found.training) == {1, 2, 3, 4}
    for part in (found.validation, found.test):
        assert part.images == ()
        assert part.labels.shape == (0,)
        assert part.labels.dtype == np.int64
    assert any("accuracy is not measured" in warning for warning in found.warnings)


def test_copies_of_training_images_test_nothing(write_task):
    # Picture 7 lies 16 times in class a, and 20 others once each.
    source = write_task({"a": [7] * 16 + list(range(20, 40)), "b": range(100, 116)})
    found = divide(source)
    assert 7 in numbers(found.training)
    assert 7 not in numbers(found.test)
    assert not numbers(found.test) & (numbers(found.training) | numbers(found.validation))
    # A quarter of 36 was chosen; those that were copies are missing and counted.
    missing = 9 - per_class(found.test, found.classes)["a"]
    assert missing > 0
    assert [w for w in found.warnings if w.startswith(f"{missing} test image")]


@pytest.mark.parametrize(
    ("folders", "training", "validation", "test"),
    [
        pytest.param(
            {
                **{"train/a": range(8), "train/b": range(10, 18)},
                **{"val/a": [20, 21], "val/b": [30, 31, 32]},
                **{"test/a": range(40, 43), "test/b": range(50, 55)},
            },
            ({"train"}, {"a": 8, "b": 8}),
            ({"val"}, {"a": 2, "b": 3}),
            ({"test"}, {"a": 3, "b": 5}),
            id="own splits are kept",
        ),
        pytest.param(
            {"train/a": range(20), "train/b": range(30, 50), "test/a": [60], "test/b": [70]},
            ({"train"}, {"a": 17, "b": 17}),
            ({"train"}, {"a": 3, "b": 3}),
            ({"test"}, {"a": 1, "b": 1}),
            id="validation is taken from training",
        ),
        pytest.param(
            {"train/a": range(12), "train/b": range(20, 32), "val/a": [60, 61], "val/b": [70, 71]},
            ({"train"}, {"a": 9, "b": 9}),
            ({"val"}, {"a": 2, "b": 2}),
            ({"train"}, {"a": 3, "b": 3}),
            id="a test is taken from training",
        ),
        pytest.param(
            {"val/a": range(10), "val/b": range(20, 30), "test/a": [60], "test/b": [70]},
            ({"val"}, {"a": 8, "b": 8}),
            ({"val"}, {"a": 2, "b": 2}),
            ({"test"}, {"a": 1, "b": 1}),
            id="validation trains where nothing else can",
        ),
    ],
)
def test_a_tasks_own_splits_divide_it(write_task, folders, training, validation, test):
    found = divide(write_task(folders))
    for part, (splits, counts) in zip(parts(found), (training, validation, test), strict=True):
        assert {key.split("/")[0] for key in part.keys} == splits
        assert per_class(part, found.classes) == counts
        assert len(numbers(part)) == sum(counts.values())
    every = [numbers(part) for part in parts(found)]
    assert sum(map(len, every)) == len(set().union(*every))


def test_images_without_a_split_train(write_task, tmp_path):
    source = write_task({"a": range(8), "b": range(20, 28)})
    rows = ["path,label,split"]
    for path in sorted(source.rglob("*.png")):
        split = "test" if path.name.startswith("000-") else ""
        rows.append(f"{path.relative_to(tmp_path)},{path.parent.name},{split}")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    found = divide(tmp_path / "list.csv")
    assert numbers(found.test) == {0, 20}
    assert numbers(found.training) | numbers(found.validation) == {*range(1, 8), *range(21, 28)}


def test_a_test_split_alone_cannot_train(write_task):
    source = write_task({"test/a": [1, 2], "test/b": [3, 4]})
    with pytest.raises(SourceError, match=r"nothing to train on.*the split test alone"):
        divide(source)


def test_a_copy_in_the_test_split_is_left_out(write_task):
    source = write_task(
        {
            "train/a": range(5),
            "train/b": range(10, 15),
            "val/a": [20, 0],
            "val/b": [30],
            # 1 trains, 20 validates, under another class even.
            "test/a": [40, 1],
            "test/b": [50, 20],
        }
    )
    found = divide(source)
    assert numbers(found.training) == {*range(5), *range(10, 15)}
    assert numbers(found.validation) == {20, 30}
    assert numbers(found.test) == {40, 50}
    assert any(w.startswith("2 test images left out") for w in found.warnings)
    assert any(w.startswith("1 validation image left out") for w in found.warnings)


def test_labels_go_by_the_name_of_the_class(write_task):
    # The test split lacks a, so that its own first class is b; z trains nothing.
    source = write_task(
        {
            "train/a": range(3),
            "train/b": range(10, 13),
            "train/c": range(20, 23),
            "val/b": [30],
            "val/c": [31],
            "test/b": [40, 41],
            "test/c": [50],
            "test/z": [60, 61],
        }
    )
    found = divide(source)
    assert found.classes == ("a", "b", "c")
    assert found.test.labels.tolist() == [1, 1, 2]
    assert found.validation.labels.tolist() == [1, 2]
    assert per_class(found.test, found.classes) == {"b": 2, "c": 1}
    assert numbers(found.test) == {40, 41, 50}
    assert any("1 test class left out" in w and w.endswith(": z") for w in found.warnings)


def test_unreadable_images_of_any_split_are_reported(write_task):
    source = write_task(
        {
            f"{split}/{label}": [start + 10 * index, start + 10 * index + 1]
            for index, split in enumerate(("train", "val", "test"))
            for label, start in (("a", 0), ("b", 100))
        }
    )
    for split in ("train", "val", "test"):
        (source / split / "a" / f"{split}-broken.png").write_bytes(b"no picture")
    warnings = divide(source).warnings
    for split in ("train", "val", "test"):
        assert any(f"{split}-broken.png" in warning for warning in warnings), split


def test_several_labels_an_image_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    task = task_from_arrays(
        rng.integers(0, 256, (8, 4, 4, 3), dtype=np.uint8), rng.integers(0, 2, (8, 3)), name="x"
    )
    with pytest.raises(SourceError, match="expected one label per image, got several"):
        hold_out(task, images=8, seed=0, transform=np.asarray)


@pytest.mark.parametrize("images", [12, 60, 400])
@pytest.mark.parametrize(
    "splits", [(None,), ("train",), ("train", "val"), ("train", "test"), ("train", "val", "test")]
)
def test_how_a_task_is_divided_is_foreseen_without_reading(write_task, splits, images):
    sizes = {"a": range(30), "b": range(100, 115), "c": range(200, 207), "d": range(300, 301)}
    if splits == (None,):
        source = write_task(sizes)
    else:
        for start, split in enumerate(splits):
            moved = {
                name: range(n.start + 1000 * start, n.stop + 1000 * start)
                for name, n in sizes.items()
            }
            source = write_task({f"{split}/{name}": n for name, n in moved.items()})
    made = divide(source, images=images)
    training, validation, test = foreseen(open_source(source), images=images, seed=0)
    assert training.tolist() == made.training.labels.tolist()
    assert validation.tolist() == made.validation.labels.tolist()
    assert test == len(made.test.images)
