"""How the hashes of images come to the store: from workers, and from files."""

import numpy as np
import pytest
from served import Found, embedded, embedding, end, lend, send

from task2vec.embedding.files import save_embedding
from task2vec.errors import InputError
from task2vec.service.tasks.imports import add_embedding
from task2vec.service.tasks.tasks import export
from task2vec.types import JobKind, JobState
from task2vec.types.image_hashes import IMAGE_HASH, hashes_from_bytes

USED = embedding().provenance.images


def some_hashes(count):
    return hashes_from_bytes(np.random.default_rng(count).bytes(count * IMAGE_HASH.itemsize))


def found_with(sent, hashes) -> Found:
    path = embedded(sent).embeddings["task"]
    save_embedding(embedding(), path, name="x", hashes=hashes)
    return Found(embeddings={"task": path})


@pytest.mark.parametrize("count", [USED, 300, None], ids=str)
def test_hashes_that_a_worker_sends_are_stored(served, sent, count):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    hashes = None if count is None else some_hashes(count)
    assert end(served, job, found_with(sent, hashes)).state is JobState.SUCCEEDED
    stored = served.store().tasks.image_hashes("pets")
    if hashes is None:
        assert stored is None
    else:
        np.testing.assert_array_equal(stored, hashes)


@pytest.mark.parametrize("count", [0, USED - 1, 301])
def test_hashes_of_fewer_or_more_images_than_were_asked_for_fail_the_job(served, sent, count):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    failed = end(served, job, found_with(sent, some_hashes(count)))
    assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_input")
    assert "image hashes" in failed.error.problem
    assert served.store().tasks.list() == []


def test_hashes_are_exported_and_imported(served, sent, tmp_path):
    job = lend(served, JobKind.EMBED, {"dataset": send(served, "pets").id})
    end(served, job, found_with(sent, some_hashes(USED)))
    export(served, "pets", tmp_path / "pets.npz")
    add_embedding(served, tmp_path / "pets.npz", name="copy")
    np.testing.assert_array_equal(served.store().tasks.image_hashes("copy"), some_hashes(USED))
    save_embedding(embedding(), tmp_path / "pets.npz", name="pets")
    add_embedding(served, tmp_path / "pets.npz", name="copy", update=True)
    assert served.store().tasks.image_hashes("copy") is None


@pytest.mark.parametrize("count", [USED - 1, 100_001])
def test_hashes_that_cannot_be_the_embeddings_are_not_imported(served, sent, tmp_path, count):
    path = tmp_path / "pets.npz"
    save_embedding(embedding(), path, name="pets", hashes=some_hashes(count))
    with pytest.raises(InputError, match="image hashes are not those of the embedding"):
        add_embedding(served, path)
