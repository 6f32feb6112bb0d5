"""The hashes of images that travel with an embedding."""

import json

import numpy as np
import pytest
from factories import make_embedding

from task2vec.embedding.files import load_embedding, load_hashes, save_embedding
from task2vec.errors import InputError
from task2vec.types.image_hashes import IMAGE_HASH, hashes_from_bytes

HASHES = hashes_from_bytes(np.random.default_rng(3).bytes(30 * IMAGE_HASH.itemsize))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "birds.npz"
    save_embedding(make_embedding([1.0, 2.0]), path, name="birds", hashes=HASHES)
    return path


def changed(path, **changes):
    with np.load(path) as archive:
        parts = {**archive, **changes}
    np.savez(path, **{name: part for name, part in parts.items() if part is not None})


def test_hashes_are_loaded_bit_by_bit(saved):
    np.testing.assert_array_equal(load_hashes(saved), HASHES)
    name, embedding = load_embedding(saved)
    assert (name, embedding.values.tolist()) == ("birds", [1.0, 2.0])


def test_a_file_without_hashes_has_none(saved):
    save_embedding(make_embedding([1.0]), saved, name="birds")
    assert load_hashes(saved) is None


def test_hashes_of_another_scheme_are_none(saved):
    with np.load(saved) as archive:
        header = json.loads(str(archive["header"]))
    header["image_hashes"]["scheme"] = "dct 99"
    changed(saved, header=json.dumps(header))
    assert load_hashes(saved) is None


@pytest.mark.parametrize(
    "hashes",
    [
        pytest.param(None, id="missing"),
        pytest.param(HASHES[:-1].tobytes(), id="fewer"),
        pytest.param(HASHES[::-1].tobytes(), id="another order"),
        pytest.param(HASHES["digest"], id="another type"),
    ],
)
def test_altered_hashes_are_refused(saved, hashes):
    array = np.frombuffer(hashes, np.uint8) if isinstance(hashes, bytes) else hashes
    changed(saved, image_hashes=array)
    with pytest.raises(InputError, match="is no embedding"):
        load_hashes(saved)
    assert load_embedding(saved)[0] == "birds"
