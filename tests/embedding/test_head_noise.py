from itertools import combinations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from oracles import fisher_by_definition

from task2vec.data.sampling.sample import all_images
from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding import head_noise as module
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.head_noise import expected_refit_distance
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.head import fit_head
from task2vec.types import Estimator

EXACT = EmbeddingSettings(estimator=Estimator.EXACT, prior_precision=1e-4)


def distance(probe, sample, groups, settings=EXACT):
    features = probe.features(sample.images).numpy()
    head = fit_head(features, sample.labels, classes=len(sample.classes))
    return expected_refit_distance(
        probe, sample, features, head=head, groups=groups, settings=settings
    )


def heads_apart(probe, sample, halves, compared, kept=slice(None)):
    """Return half of the distance between the embeddings of the compared images."""
    features = probe.features(sample.images).numpy()
    inputs = probe.to_input([sample.images[i] for i in compared])
    counts = np.bincount(sample.labels[compared])
    shares = 1 / counts[sample.labels[compared]]
    embeddings = []
    for half in halves:
        head = fit_head(features[half], sample.labels[half], classes=len(sample.classes))
        W, b = torch.from_numpy(head.weight).float(), torch.from_numpy(head.bias).float()
        per_image = fisher_by_definition(
            probe.backbone, lambda x, W=W, b=b: F.linear(x, W, b), inputs
        )
        values = per_image.numpy()[kept]
        embeddings.append(np.average(values, axis=0, weights=shares[kept]) + 1e-4)
    return symmetric_distance(*embeddings) / 2


def test_compares_the_heads_of_two_halves(tiny_probe, striped):
    sample = all_images(striped(12, 9, 6), transform=tiny_probe.preprocess)
    groups = np.arange(27) % 8
    even = np.flatnonzero(groups % 2 == 0)
    odd = np.flatnonzero(groups % 2 == 1)
    expected = heads_apart(tiny_probe, sample, [even, odd], np.arange(27))
    assert expected > 1e-4
    assert distance(tiny_probe, sample, groups) == pytest.approx(expected, rel=1e-3)


def test_many_images_are_compared_on_some(tiny_probe, striped):
    sample = all_images(striped(40, 30), transform=tiny_probe.preprocess)
    groups = np.arange(70) % 8
    halves = [np.flatnonzero(groups % 2 == parity) for parity in (0, 1)]
    # 32 fit twice into 70, so every second image; with a + b/m through the distances on these 35
    # and on their halves, the distance on all 70.
    compared = np.arange(0, 70, 2)
    whole, first, second = (
        heads_apart(tiny_probe, sample, halves, compared, kept=kept)
        for kept in (slice(None), slice(0, None, 2), slice(1, None, 2))
    )
    b = 35 * ((first + second) / 2 - whole)
    assert b > 0
    expected = (whole - b / 35) + b / 70
    assert distance(tiny_probe, sample, groups) == pytest.approx(expected, rel=1e-3)


def test_a_class_that_a_half_lacks_lends_its_images(tiny_probe, striped):
    sample = all_images(striped(6, 6, 1), transform=tiny_probe.preprocess)
    groups = np.arange(13) % 8
    even, odd = (np.flatnonzero(groups % 2 == parity) for parity in (0, 1))
    # The single image of the last class has position 12, an even group.
    expected = heads_apart(tiny_probe, sample, [even, np.append(odd, 12)], np.arange(13))
    assert distance(tiny_probe, sample, groups) == pytest.approx(expected, rel=1e-3)


def test_halves_that_are_all_images_have_the_head_already(tiny_probe, striped, monkeypatch):
    sample = all_images(striped(*[1] * 9), transform=tiny_probe.preprocess)
    features = tiny_probe.features(sample.images).numpy()
    head = fit_head(features, sample.labels, classes=9)
    monkeypatch.setattr(module, "fit_head", lambda *_, **__: pytest.fail("fitted again"))
    found = expected_refit_distance(
        tiny_probe, sample, features, head=head, groups=np.arange(9) % 8, settings=EXACT
    )
    assert found == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "estimator", [Estimator.PRINCIPAL, Estimator.RADEMACHER, Estimator.CATEGORICAL]
)
def test_the_same_signs_under_both_heads(tiny_probe, striped, estimator):
    sample = all_images(striped(20, 20), transform=tiny_probe.preprocess)
    groups = np.arange(40) % 8
    exact = distance(tiny_probe, sample, groups)
    drawn = distance(tiny_probe, sample, groups, EmbeddingSettings(estimator=estimator, seed=4))
    # With other signs it would be the noise of one draw per image, many times as large.
    assert drawn < 4 * exact


def test_states_the_distance_of_real_repeats(tiny_probe, striped):
    """Disjoint images, other signs, a head of its own: what the standard error promises."""
    embeddings = [
        Embedder(tiny_probe, EmbeddingSettings(seed=repeat))
        .embed(striped(20, 20, 20, first=1000 * repeat))
        .embedding
        for repeat in range(12)
    ]
    values = [with_prior(e.values, e.space.prior_precision) for e in embeddings]
    actual = np.mean([symmetric_distance(a, b) for a, b in combinations(values, 2)])
    stated = [e.provenance.standard_error for e in embeddings]
    assert actual / 2 < np.mean(stated) < 2 * actual
    # Each of them is worth something, not their mean alone.
    assert actual / 4 < min(stated)
    assert max(stated) < 4 * actual
