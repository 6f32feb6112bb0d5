"""The class scatter of a task travels with its embedding."""

import json

import numpy as np
import pytest
from factories import make_embedding

from task2vec.embedding.class_scatter import class_scatter
from task2vec.embedding.files import load_details, load_embedding, save_embedding
from task2vec.errors import InputError
from task2vec.types.details import EmbeddingDetails, LayerElements

EMBEDDING = make_embedding([1.0, 2.0])
SCATTER = class_scatter(np.random.default_rng(0).normal(size=(12, 5)), np.arange(12) % 3, classes=3)
DETAILS = EmbeddingDetails(layers=(LayerElements("stem", 2),), classes=None, scatter=SCATTER)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "birds.npz"
    save_embedding(EMBEDDING, path, name="birds", details=DETAILS)
    return path


def changed(path, **changes):
    with np.load(path) as archive:
        parts = {**archive, **changes}
    np.savez(path, **{name: part for name, part in parts.items() if part is not None})


def test_it_is_loaded_bit_by_bit(saved):
    assert SCATTER is not None
    assert load_details(saved, EMBEDDING) == DETAILS
    assert load_embedding(saved)[0] == "birds"


def test_details_without_one_are_loaded_without_one(saved):
    plain = EmbeddingDetails(layers=DETAILS.layers, classes=None)
    save_embedding(EMBEDDING, saved, name="birds", details=plain)
    assert load_details(saved, EMBEDDING) == plain


def test_one_that_was_altered_is_refused(saved):
    with np.load(saved) as archive:
        data = archive["class_scatter"].copy()
        header = json.loads(str(archive["header"]))
    data[-1] ^= 1
    changed(saved, class_scatter=data)
    with pytest.raises(InputError, match="does not match its checksum"):
        load_details(saved, EMBEDDING)
    changed(saved, class_scatter=None)
    with pytest.raises(InputError, match="class_scatter"):
        load_details(saved, EMBEDDING)
    del header["class_scatter"]["sha256"]
    changed(saved, header=json.dumps(header), class_scatter=data)
    with pytest.raises(InputError, match="sha256"):
        load_details(saved, EMBEDDING)
