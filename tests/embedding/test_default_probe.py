"""The real thing: the default probe on the example tasks."""

import numpy as np
import pytest
import small_store
from factories import replace

from task2vec.data.open import open_source
from task2vec.distance import (
    distance_interval,
    plain_symmetric_distance,
    symmetric_distance,
    with_prior,
)
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.registry import DEFAULT_PROBE, load_probe


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TASK2VEC_CACHE", str(tmp_path))


def probe_of(pixels):
    """The default probe on images smaller than its own, which take a fraction of the time."""
    return load_probe(f"{DEFAULT_PROBE}?input_size={pixels}")


def test_alphabets_are_near_each_other_and_far_from_clothes():
    embedder = Embedder(probe_of(96), EmbeddingSettings(images=48))
    greek, latin, clothes = (
        embedder.embed(open_source(small_store.EXAMPLES / name)).embedding
        for name in ("greek_capitals", "latin_small_letters", "fashion_tops")
    )
    assert greek.provenance.images == 48
    assert greek.values.shape == (8_960,)
    # Some filters of this network are dead on every image, most are not.
    assert 0.01 < (greek.values == 0).mean() < 0.3
    assert greek.provenance.head.converged
    assert greek.provenance.head.training_accuracy > 0.9

    def distance(a, b):
        return symmetric_distance(*(with_prior(e.values, e.space.prior_precision) for e in (a, b)))

    assert distance(greek, latin) < 0.6 * distance(greek, clothes)
    assert distance(greek, latin) < 0.6 * distance(latin, clothes)
    for embedding in (greek, latin, clothes):
        # Repeats are nearer than relatives, but 48 images are not noiseless.
        assert 0.005 < embedding.provenance.standard_error < distance(greek, latin)
        relative = embedding.errors[embedding.values > 0] / embedding.values[embedding.values > 0]
        assert 0.05 < np.median(relative) < 0.5


def test_intervals_hold_repeats_with_refitted_heads():
    probe, task = probe_of(64), open_source(small_store.EXAMPLES / "fashion_mixed")
    one, other = (
        Embedder(probe, EmbeddingSettings(images=240, seed=seed))
        .embed(replace(task, entries=task.entries[seed::2]))
        .embedding
        for seed in (0, 1)
    )
    low, high = distance_interval(one, other)
    assert low <= 0 < high < 0.3
    # With the heads held, the two are apart beyond what their images explain.
    held = (replace(e, provenance=replace(e.provenance, head_error=0.0)) for e in (one, other))
    assert distance_interval(*held)[0] > 0
    stated = np.mean([e.provenance.standard_error for e in (one, other)])
    assert stated / 1.5 < plain_symmetric_distance(one, other) < 1.5 * stated
