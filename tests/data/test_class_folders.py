import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task2vec.data.formats.class_folders import lay_out
from task2vec.data.task import SPLIT_NAMES


@pytest.mark.parametrize(
    ("paths", "places", "strays"),
    [
        pytest.param(
            ["rose/1.png", "tulip/2.png"],
            {"rose/1.png": ("rose", None), "tulip/2.png": ("tulip", None)},
            (),
            id="class folders",
        ),
        pytest.param(
            ["top/rose/1.png", "top/tulip/2.png"],
            {"top/rose/1.png": ("rose", None), "top/tulip/2.png": ("tulip", None)},
            (),
            id="below one top folder",
        ),
        pytest.param(
            ["a/b/rose/1.png", "a/b/tulip/2.png", "a/cover.png"],
            {"a/b/rose/1.png": ("rose", None), "a/b/tulip/2.png": ("tulip", None)},
            ("a/cover.png",),
            id="below two top folders, with a stray",
        ),
        pytest.param(
            ["rose/red/1.png", "rose/2.png", "tulip/3.png"],
            {
                "rose/2.png": ("rose", None),
                "rose/red/1.png": ("rose", None),
                "tulip/3.png": ("tulip", None),
            },
            (),
            id="folders inside of classes",
        ),
        pytest.param(
            ["Train/rose/1.png", "validation/rose/2.png", "testing/tulip/3.png", "test/4.png"],
            {
                "Train/rose/1.png": ("rose", "train"),
                "validation/rose/2.png": ("rose", "val"),
                "testing/tulip/3.png": ("tulip", "test"),
            },
            ("test/4.png",),
            id="splits, with an unlabelled test image",
        ),
        pytest.param(
            ["set/train/rose/1.png", "set/train/tulip/2.png"],
            {
                "set/train/rose/1.png": ("rose", "train"),
                "set/train/tulip/2.png": ("tulip", "train"),
            },
            (),
            id="one split below a top folder",
        ),
        pytest.param(
            ["test/train/rose/1.png", "test/val/rose/2.png"],
            {"test/train/rose/1.png": ("rose", "train"), "test/val/rose/2.png": ("rose", "val")},
            (),
            id="a top folder that is named like a split",
        ),
        pytest.param(
            ["train/rose/1.png", "val/rose/2.png", "docs/figure.png"],
            {"train/rose/1.png": ("rose", "train"), "val/rose/2.png": ("rose", "val")},
            ("docs/figure.png",),
            id="a folder beside the splits",
        ),
        pytest.param(
            ["train/1.png", "plane/2.png"],
            {"plane/2.png": ("plane", None), "train/1.png": ("train", None)},
            (),
            id="a train is also a vehicle",
        ),
        pytest.param(["train/1.png", "test/2.png"], {}, ("test/2.png", "train/1.png"), id="flat"),
        pytest.param(["1.png", "2.png"], {}, ("1.png", "2.png"), id="no folders"),
        pytest.param([], {}, (), id="nothing"),
    ],
)
def test_the_rule(
    paths: list[str], places: dict[str, tuple[str, str | None]], strays: tuple[str, ...]
) -> None:
    layout = lay_out(paths)
    assert layout.places == places
    assert layout.strays == strays


def test_class_folders_without_images_are_named_and_others_do_not_matter() -> None:
    paths = ["set/train/rose/1.png", "set/train/tulip/2.png", "set/val/rose/3.png"]
    folders = ["notes", "set", "set/train", "set/train/daisy", "set/val", "set/val/tulip"]
    layout = lay_out(paths, folders=folders)
    assert layout.empty == ("train/daisy", "val/tulip")
    assert layout.places == lay_out(paths).places


def test_one_class_is_one_class_in_every_unicode_form() -> None:
    composed, decomposed = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    layout = lay_out([f"train/{composed}/1.png", f"test/{decomposed}/1.png"])
    assert set(layout.places.values()) == {(composed, "train"), (composed, "test")}
    assert set(layout.places) == {f"train/{composed}/1.png", f"test/{decomposed}/1.png"}


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8)
plain = names.filter(lambda name: name.casefold() not in SPLIT_NAMES)
labelled = st.sets(st.tuples(plain, names), min_size=1, max_size=20).filter(
    lambda pairs: len({label for label, _ in pairs}) > 1
)


@given(labelled, st.lists(plain, max_size=3), st.sampled_from([None, *SPLIT_NAMES]))
def test_packaging_and_splits_change_no_class(
    pairs: set[tuple[str, str]], tops: list[str], split: str | None
) -> None:
    prefix = "/".join([*tops, *([split] if split else [])])
    paths = {f"{prefix}/{label}/{name}".lstrip("/"): label for label, name in pairs}
    assert lay_out(paths).places == {
        path: (unicodedata.normalize("NFC", label), SPLIT_NAMES[split] if split else None)
        for path, label in paths.items()
    }


@given(st.lists(st.lists(names, min_size=1, max_size=4).map("/".join)))
def test_every_image_is_placed_or_astray(paths: list[str]) -> None:
    layout = lay_out(paths)
    assert sorted([*layout.places, *layout.strays]) == sorted(set(paths))
    assert lay_out(paths[::-1]) == layout
