"""Stopping early: what is stopped at is right, and a smaller error takes no fewer images."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.sampling.sample import draw_sample
from task2vec.embedding.adaptive_sampling import _other, _Plan, estimate_in_rounds
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.label_noise import label_noise
from task2vec.embedding.settings import MOST_PASSES, EmbeddingSettings
from task2vec.errors import SettingError
from task2vec.fisher.estimate import estimate_fisher
from task2vec.probe.head import class_weights, fit_head
from task2vec.types import Estimator


@pytest.fixture
def embed(tiny_probe):
    def run(task, told=None, **settings):
        errors = None if told is None else told.append
        return Embedder(tiny_probe, EmbeddingSettings(**settings)).embed(task, error=errors)

    return run


@pytest.fixture(scope="module")
def uneven(striped):
    return striped(40, 25, 25)


def test_where_it_is_not_reached_it_is_the_embedding_of_all_images(embed, uneven):
    whole = embed(uneven, estimator=Estimator.EXACT)
    told = []
    stopped = embed(uneven, told, estimator=Estimator.EXACT, standard_error=1e-9)
    np.testing.assert_allclose(
        stopped.embedding.values, whole.embedding.values, rtol=1e-5, atol=1e-12
    )
    provenance = stopped.embedding.provenance
    assert (provenance.images, provenance.draws) == (90, whole.embedding.provenance.draws)
    assert told[-1] == provenance.standard_error
    (warning,) = (w for w in stopped.warnings if "and not 1e-09" in w)
    assert "from the 90 images" in warning
    # Other groups, of the same images.
    assert 0.5 < provenance.standard_error / whole.embedding.provenance.standard_error < 2


def test_a_round_has_the_values_of_its_images(embed, striped):
    few, more = striped(40, 40), striped(11, 11)
    stopped = embed(few, estimator=Estimator.EXACT, standard_error=1.9).embedding
    assert 32 <= stopped.provenance.images < 80
    assert stopped.provenance.images % 2 == 0
    assert not any("and not" in w for w in embed(few, standard_error=1.9).warnings)
    # A twofold data set of these would give them twice.
    assert len(stopped.replicates) == 8
    assert embed(more, standard_error=1.9).embedding.provenance.images == 22
    groups = stopped.values * stopped.replicates.astype(float)
    np.testing.assert_allclose(groups.mean(axis=0), stopped.values, rtol=0.02, atol=1e-9)
    expected = groups.std(axis=0, ddof=1) / math.sqrt(8)
    np.testing.assert_allclose(stopped.errors, expected, rtol=0.05, atol=1e-7)


@pytest.mark.parametrize(
    "estimator", [Estimator.EMPIRICAL, Estimator.CATEGORICAL, Estimator.RADEMACHER]
)
def test_an_image_keeps_its_label_and_its_draws_in_whatever_round(tiny_probe, uneven, estimator):
    sample = draw_sample(uneven, images=90, seed=0, transform=tiny_probe.preprocess)
    features = tiny_probe.features(sample.images).numpy()
    head = fit_head(features, sample.labels, classes=3)
    settings, plan = EmbeddingSettings(estimator=estimator), _Plan.of(sample.labels)
    assert len(plan.stops) > 2
    asked, told = [], []

    def enough(error):
        # After the last round of the first pass.
        asked.append(error)
        return len(asked) >= len(plan.stops)

    found = estimate_in_rounds(
        tiny_probe,
        sample,
        head,
        settings=settings,
        enough=enough,
        progress=lambda *now: told.append(now),
    )
    assert (found.images, found.passes) == (90, 1)
    assert told == sorted(told)
    assert told[-1] == (90, 90)
    # All at once, in the same order.
    labels = sample.labels[plan.order]
    at_once = estimate_fisher(
        tiny_probe.backbone,
        head.on(tiny_probe.backbone),
        [tiny_probe.to_input([sample.images[i] for i in plan.order])],
        noise=label_noise(settings, labels, head=head),
        weights=class_weights(labels, 3),
        groups=np.zeros(90, dtype=np.int64),
    )
    np.testing.assert_allclose(found.estimate.values, at_once.values, rtol=1e-4, atol=1e-9)


def test_an_image_keeps_its_weights_of_several_labels_in_whatever_round(embed):
    rng = np.random.default_rng(4)
    missing = rng.random((70, 3)) < [0.4, 0.4, 0]
    labels = np.where(missing, np.nan, rng.random((70, 3)) < [0.5, 0.3, 0.1])
    labels[:4] = [[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0]]
    images = list(np.uint8(rng.integers(0, 256, (70, 16, 16, 3))))
    task = task_from_arrays(images, labels, name="several", classes=["a", "b", "c"])
    whole = embed(task, estimator=Estimator.EXACT).embedding
    in_rounds = embed(task, estimator=Estimator.EXACT, standard_error=1e-9).embedding
    assert (whole.provenance.images, in_rounds.provenance.images) == (70, 70)
    np.testing.assert_allclose(in_rounds.values, whole.values, rtol=1e-4, atol=1e-9)


def test_few_images_are_told_unless_they_suffice(embed, striped):
    few = striped(9, 9, 9, 9)

    def told(**settings):
        found = embed(few, **settings)
        assert found.embedding.provenance.images < 40
        return [warning for warning in found.warnings if "images of 4 classes" in warning]

    assert told() == told(standard_error=1e-9)
    assert "only 36 images" in told()[0]
    assert told(standard_error=1.9) == []


def test_draws_follow_when_the_images_do_not_suffice(tiny_probe, embed, striped):
    how = {"estimator": Estimator.CATEGORICAL, "seed": 3}
    found = embed(striped(9, 12), standard_error=1e-9, **how)
    passes = found.embedding.provenance.draws
    assert 1 < passes <= MOST_PASSES
    assert found.embedding.provenance.images == 21
    # The mean of as many estimates from all images, each with labels of its own.
    sample, network = found.sample, tiny_probe.backbone
    order = _Plan.of(sample.labels).order
    labels = sample.labels[order]
    features = tiny_probe.features(list(sample.images)).numpy()
    head = fit_head(features, sample.labels, classes=2)
    inputs = tiny_probe.to_input([sample.images[i] for i in order])
    seeds = [3, *(_other(3, number) for number in range(1, passes))]
    estimates = [
        estimate_fisher(
            network,
            head.on(network),
            [inputs],
            noise=label_noise(EmbeddingSettings(**how | {"seed": seed}), labels, head=head),
            weights=class_weights(labels, 2),
            groups=np.zeros(21, dtype=np.int64),
        ).values
        for seed in seeds
    ]
    assert np.std(estimates, axis=0).max() > 1e-6
    expected = np.mean(estimates, axis=0)
    np.testing.assert_allclose(found.embedding.values, expected, rtol=1e-4, atol=1e-9)


def test_a_smaller_error_never_uses_fewer_images(embed, uneven):
    asked = [1.5, 0.2, 0.18, 0.16, 0.14, 0.12, 0.1, 0.01]
    found = [embed(uneven, standard_error=e).embedding.provenance for e in asked]
    work = [(p.images, p.draws) for p in found]
    assert work == sorted(work)
    assert len(set(work)) > 2
    for error, provenance in zip(asked, found, strict=True):
        if provenance.images < 90:
            assert provenance.standard_error <= error


@pytest.mark.parametrize("error", [0, -1, math.inf, math.nan])
def test_an_error_must_be_positive(error):
    with pytest.raises(SettingError, match="standard_error"):
        EmbeddingSettings(standard_error=error)


@given(st.lists(st.integers(1, 30), min_size=2, max_size=12))
def test_every_round_holds_the_classes_and_the_groups_evenly(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    plan = _Plan.of(labels)
    assert sorted(plan.order) == list(range(len(labels)))
    assert plan.stops[-1] == len(labels)
    for stop in plan.stops:
        kinds = np.bincount(labels[plan.order[:stop]], minlength=len(counts))
        level = kinds.max()
        assert kinds.tolist() == np.minimum(level, counts).tolist()
        for kind in range(len(counts)):
            mine = plan.cells[:stop][labels[plan.order[:stop]] == kind] // len(plan.tier_sizes)
            dealt = np.bincount(mine, minlength=min(8, len(labels)))
            assert dealt.max() - dealt.min() <= 1


@given(st.lists(st.integers(1, 20), min_size=2, max_size=8), st.integers(0, 10**6))
@example([1, 2], 0)
def test_estimates_of_a_stop_are_class_balanced_means(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    plan = _Plan.of(labels)
    values = np.random.default_rng(seed).gamma(1, size=(len(labels), 3))
    for stop in plan.stops:
        rows = plan.order[:stop]
        sums = np.zeros((plan.cell_count, 3))
        np.add.at(sums, plan.cells[:stop], values[rows])
        found, _ = plan.estimates(sums, stop)
        means = [values[rows][labels[rows] == c].mean(axis=0) for c in range(len(counts))]
        np.testing.assert_allclose(found, np.mean(means, axis=0))
