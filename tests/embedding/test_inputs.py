import numpy as np
import pytest
import torch
from factories import replace

from task2vec.data.open import open_source
from task2vec.data.sampling.spool import draw_spooled
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.inputs import batches, features, suitable_batch_size
from task2vec.embedding.settings import EmbeddingSettings


@pytest.fixture
def images(tiny_probe):
    side = tiny_probe.card.preprocessing.input_size
    return np.random.default_rng(0).integers(0, 256, (7, side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize(("size", "lengths"), [(3, [3, 3, 1]), (7, [7]), (None, [7])])
def test_every_image_is_in_one_batch(tiny_probe, images, size, lengths):
    found = list(batches(tiny_probe, images, batch_size=size))
    assert [len(batch) for batch in found] == lengths
    assert torch.equal(torch.cat(found), tiny_probe.to_input(images))
    seen = torch.cat(list(features(tiny_probe, images, batch_size=size)))
    torch.testing.assert_close(seen, tiny_probe.features(images), rtol=1e-4, atol=1e-5)
    assert not seen.requires_grad


@pytest.mark.parametrize(("side", "size"), [(224, 4), (128, 12), (2048, 1), (8, 128)])
def test_large_images_go_through_in_small_batches(tiny_probe, side, size):
    probe = replace(tiny_probe, card=tiny_probe.card.at(side))
    assert suitable_batch_size(probe) == size


def test_pixels_in_a_file_give_the_same_embedding(tiny_probe, folder, monkeypatch):
    embedder = Embedder(tiny_probe, EmbeddingSettings(images=20))
    held = embedder.embed(open_source(folder)).embedding
    monkeypatch.setitem(draw_spooled.__kwdefaults__, "budget", 0)
    spilled = embedder.embed(open_source(folder)).embedding
    np.testing.assert_array_equal(spilled.values, held.values)
    assert spilled.provenance == held.provenance
