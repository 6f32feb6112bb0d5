"""What travels with an embedding: the hashes of its images, its details and its class scatter."""

import json

import numpy as np
import pytest
from factories import make_embedding

from task2vec.embedding.class_scatter import class_scatter
from task2vec.embedding.files import (
    load_details,
    load_embedding,
    load_hashes,
    load_pictures,
    save_embedding,
)
from task2vec.errors import InputError
from task2vec.types.class_pictures import ClassPictures
from task2vec.types.details import EmbeddingDetails, LayerElements
from task2vec.types.image_hashes import IMAGE_HASH, hashes_from_bytes

EMBEDDING = make_embedding([1.0, 2.0])
HASHES = hashes_from_bytes(np.random.default_rng(3).bytes(30 * IMAGE_HASH.itemsize))
SCATTER = class_scatter(np.random.default_rng(0).normal(size=(12, 5)), np.arange(12) % 3, classes=3)
DETAILS = EmbeddingDetails(layers=(LayerElements("stem", 2),), classes=None, scatter=SCATTER)
PICTURES = ClassPictures(8, (2, 1), b"\xff\xd8\xff and more")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "birds.npz"
    save_embedding(EMBEDDING, path, name="birds", hashes=HASHES, details=DETAILS, pictures=PICTURES)
    return path


def change(path, *, header=lambda header: None, **changes):
    """Change arrays, or what the header says; an array that is None goes."""
    with np.load(path) as archive:
        parts = {**archive, **changes}
    stated = json.loads(str(parts["header"]))
    header(stated)
    parts["header"] = json.dumps(stated)
    np.savez(path, **{name: part for name, part in parts.items() if part is not None})


def test_it_is_loaded_bit_by_bit(saved):
    assert SCATTER is not None
    np.testing.assert_array_equal(load_hashes(saved), HASHES)
    assert load_details(saved, EMBEDDING) == DETAILS
    assert load_pictures(saved, EMBEDDING) == PICTURES
    assert load_embedding(saved)[0] == "birds"


def test_without_it_there_is_none(saved):
    plain = EmbeddingDetails(layers=DETAILS.layers, classes=None)
    save_embedding(EMBEDDING, saved, name="birds", details=plain)
    assert load_details(saved, EMBEDDING) == plain
    assert load_hashes(saved) is None
    assert load_pictures(saved, EMBEDDING) is None


def test_altered_pictures_are_refused(saved):
    data = np.frombuffer(PICTURES.to_bytes(), np.uint8).copy()
    data[-1] ^= 1
    change(saved, class_pictures=data)
    with pytest.raises(InputError, match="do not match their checksum"):
        load_pictures(saved, EMBEDDING)
    more = ClassPictures(8, (1, 1, 1), PICTURES.sheet)
    save_embedding(EMBEDDING, saved, name="birds", pictures=more)
    with pytest.raises(InputError, match="no embedding"):
        load_pictures(saved, EMBEDDING)


def test_hashes_of_another_scheme_are_none(saved):
    change(saved, header=lambda header: header["image_hashes"].update(scheme="dct 99"))
    assert load_hashes(saved) is None


def flipped():
    data = np.frombuffer(SCATTER.to_bytes(), np.uint8).copy()
    data[-1] ^= 1
    return data


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"image_hashes": None}, "is no embedding"),
        ({"image_hashes": np.frombuffer(HASHES[:-1].tobytes(), np.uint8)}, "is no embedding"),
        ({"image_hashes": np.frombuffer(HASHES[::-1].tobytes(), np.uint8)}, "is no embedding"),
        ({"image_hashes": HASHES["digest"]}, "is no embedding"),
        ({"class_scatter": flipped()}, "does not match its checksum"),
        ({"class_scatter": None}, "class_scatter"),
        ({"header": lambda header: header["class_scatter"].pop("sha256")}, "sha256"),
    ],
    ids=["missing", "fewer", "another order", "another type", "altered", "no scatter", "no hash"],
)
def test_what_was_altered_is_refused(saved, changes, problem):
    change(saved, **changes)
    load = load_hashes if "image_hashes" in changes else lambda path: load_details(path, EMBEDDING)
    with pytest.raises(InputError, match=problem):
        load(saved)
    assert load_embedding(saved)[0] == "birds"
