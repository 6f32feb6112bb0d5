"""Embedding in one call: what it warns of, what it refuses, and how the result shows itself."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import task2vec
from task2vec import EmbeddingWarning, TaskEmbedding, WrongTypeError

PROBE = "efficientnet_lite0?input_size=32"
EVIL = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six images of each of two classes, and a seventh that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for label, colour in ((EVIL.replace("/", "|"), 40), ("robin", 200)):
        (folder / label).mkdir()
        for number in range(6):
            image = Image.new("RGB", (32, 32), (colour, 10 * number, 90))
            image.save(folder / label / f"{number}.png")
    (folder / "robin" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno image")
    return folder


@pytest.fixture(scope="module")
def embedded(photos: Path) -> tuple[TaskEmbedding, list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = task2vec.embed(photos, probe=PROBE, images=14)
    return found, heard


def test_it_warns_of_images_that_cannot_be_read(embedded: Any, photos: Path) -> None:
    _, heard = embedded
    of_image = [each for each in heard if "broken.png" in str(each.message)]

    assert [each.category for each in of_image] == [EmbeddingWarning]
    assert str(of_image[0].message).startswith(f"{photos.name}: ")
    # The line that called, not one of ours.
    assert of_image[0].filename == __file__


def test_a_saved_embedding_knows_its_warnings(embedded: Any, tmp_path: Path) -> None:
    from task2vec.embedding.files import save_embedding

    found, heard = embedded
    save_embedding(found, tmp_path / "photos.npz", name="photos")
    _, loaded = task2vec.load_embedding(tmp_path / "photos.npz")

    assert any("broken.png" in text for text in loaded.provenance.warnings)
    assert loaded.provenance == found.provenance
    assert len(heard) == len(found.provenance.warnings)


def test_its_repr_is_one_line_that_counts_the_warnings(embedded: Any) -> None:
    found, _ = embedded
    text = repr(found)

    assert "\n" not in text
    assert "12 images of 2 classes" in text
    assert f"{len(found.provenance.warnings)} warning" in text
    assert len(text) < 200


def test_a_notebook_shows_a_table_in_which_names_do_no_harm(embedded: Any) -> None:
    found, _ = embedded
    html = found._repr_html_()

    assert html.count("<table>") == 1
    assert "broken.png" in html
    assert "12 of 2 classes" in html


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"source": 42}, ("`source`", "int (42)", "task_from_arrays")),
        ({"source": ["a.jpg"]}, ("`source`", "list", "path")),
        ({"probe": 5}, ("`probe`", "int (5)", "name")),
        ({"images": "12"}, ("`images`", "str ('12')", "whole number")),
        ({"images": 1.5}, ("`images`", "float (1.5)", "whole number")),
        ({"settings": {"images": 3}}, ("`settings`", "dict", "EmbeddingSettings")),
    ],
    ids=lambda each: str(each)[:30],
)
def test_a_wrong_type_is_a_type_error_that_says_what_was_expected(
    photos: Path, arguments: dict[str, Any], named: tuple[str, ...]
) -> None:
    with pytest.raises(TypeError) as refused:
        task2vec.embed(**{"source": photos, "probe": PROBE, **arguments})

    assert isinstance(refused.value, WrongTypeError)
    assert all(text in str(refused.value) for text in named)


@pytest.mark.parametrize(
    "function",
    ["symmetric_distance", "distance_error", "distance_interval"],
)
def test_distances_refuse_what_is_no_embedding(embedded: Any, function: str) -> None:
    found, _ = embedded
    distance = getattr(task2vec, function)

    with pytest.raises(TypeError, match=r"`b`.*expected a TaskEmbedding, got str \('x'\)"):
        distance(found, "x")
    with pytest.raises(TypeError, match=r"`a`.*load_embedding"):
        distance(("photos", found), found)


@pytest.mark.parametrize("function", ["asymmetric_distance", "information_distance"])
def test_distances_of_a_way_refuse_it_too(embedded: Any, function: str) -> None:
    found, _ = embedded
    distance = getattr(task2vec, function)

    with pytest.raises(TypeError, match="`target`"):
        distance(source=found, target=None)
    with pytest.raises(TypeError, match="`a`"):
        task2vec.complexity("x")
