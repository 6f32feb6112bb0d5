"""Embeddings of tasks whose images may have several labels, against the definitions."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from oracles import independent_fisher_by_definition

from task2vec import distance
from task2vec.data.formats.arrays import task_from_arrays
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.head_noise import _with_all_classes, expected_refit_distance
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import SpaceMismatchError
from task2vec.fisher.estimate import deal_groups
from task2vec.probe.head import fit_head
from task2vec.types import Estimator, Likelihood

EXACT = {"estimator": Estimator.EXACT, "head_penalty": 0.05}


@pytest.fixture
def embed(tiny_probe):
    def run(task, **settings):
        return Embedder(tiny_probe, EmbeddingSettings(**settings)).embed(task)

    return run


def pictures(count, seed=0):
    """Return images whose three colours are bright or dark, and which they are."""
    rng = np.random.default_rng(seed)
    bright = (rng.random((count, 3)) < [0.5, 0.3, 0.15]).astype(int)
    bright[:2], bright[2:4] = 1, 0
    colours = 70 + 90 * bright + rng.normal(0, 30, (count, 3))
    noise = rng.normal(0, 35, (count, 20, 20, 3))
    return np.uint8((colours[:, None, None] + noise).clip(0, 255)), bright


def colours(count=40, *, missing=0.0, seed=0):
    """Return a task of the names of the bright colours, some of them unknown."""
    images, bright = pictures(count, seed)
    labels = np.where(
        np.random.default_rng(seed + 1).random(bright.shape) < missing, np.nan, bright
    )
    labels[:4] = bright[:4]
    return task_from_arrays(images, labels, name="colours", classes=["red", "green", "blue"])


def slow_inputs(sample):
    scaled = np.stack(sample.images) / 255
    normalised = (scaled - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
    return torch.from_numpy(normalised.transpose(0, 3, 1, 2)).double()


def by_definition(probe, sample, head):
    """Return the estimates of the images (N, n), each as if the task were N copies of it."""
    weights = np.zeros(sample.labels.shape)
    for c, column in enumerate(sample.labels.T):
        for i, label in enumerate(column):
            if label != -1:
                weights[i, c] = len(column) / (2 * sum(int(other == label) for other in column))
    W, b = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
    return independent_fisher_by_definition(
        copy.deepcopy(probe.backbone).double(),
        lambda x: F.linear(x, W, b),
        slow_inputs(sample),
        torch.from_numpy(weights),
    ).numpy()


@pytest.mark.parametrize("missing", [0, 0.3])
def test_exact_embedding_is_what_the_definitions_give(tiny_probe, embed, missing):
    found = embed(colours(missing=missing), **EXACT)
    sample, embedding = found.sample, found.embedding
    assert (sample.labels == -1).any() == (missing > 0)
    features = tiny_probe.features(list(sample.images)).numpy()
    head = fit_head(features, sample.labels, classes=3, penalty=0.05)
    per_image = by_definition(tiny_probe, sample, head)
    expected = per_image.mean(axis=0)
    np.testing.assert_allclose(embedding.values, expected, rtol=1e-3, atol=1e-7 * expected.max())
    variance = per_image.var(axis=0, ddof=1) / len(per_image)
    np.testing.assert_allclose(embedding.errors**2, variance, rtol=5e-3, atol=1e-7 * variance.max())
    groups = deal_groups(sample.labels)
    for number, replicate in enumerate(embedding.replicates):
        estimate = per_image[groups == number].mean(axis=0)
        np.testing.assert_allclose(replicate * expected, estimate, rtol=5e-3, atol=1e-9)
    assert 0 < embedding.provenance.standard_error < 0.5
    assert embedding.provenance.head.converged


def test_its_provenance(embed):
    provenance = embed(colours()).embedding.provenance
    assert provenance.likelihood is Likelihood.BERNOULLI
    assert (provenance.classes, provenance.images) == (3, 40)
    assert provenance.class_names == ("blue", "green", "red")
    assert type(provenance).model_validate_json(provenance.model_dump_json()) == provenance


@pytest.mark.parametrize("batch_size", [1, 7])
def test_batches_do_not_matter(embed, batch_size):
    task = colours(missing=0.2)
    first, second = (embed(task, batch_size=size).embedding for size in (40, batch_size))
    np.testing.assert_allclose(second.values, first.values, rtol=1e-3, atol=1e-10)
    np.testing.assert_allclose(second.errors, first.errors, rtol=1e-3, atol=1e-10)


def test_other_names_and_another_order_of_classes_change_nothing(embed):
    images, bright = pictures(40)
    order = [2, 0, 1]
    first = task_from_arrays(images, bright, name="x", classes=["a", "b", "c"])
    second = task_from_arrays(images, bright[:, order], name="x", classes=["x", "y", "z"])
    found, expected = (embed(task, **EXACT).embedding for task in (second, first))
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-3, atol=1e-10)
    np.testing.assert_allclose(found.errors, expected.errors, rtol=1e-3, atol=1e-10)


def test_distances_to_tasks_of_one_label_an_image(embed, striped):
    several, single = embed(colours(60)).embedding, embed(striped(30, 30)).embedding
    assert several.space == single.space
    assert 0 < distance.task_symmetric_distance(several, single) < 1


def test_the_empirical_fisher_is_kept_apart(tiny_probe, embed, striped):
    task = striped(12, 10)
    empirical = embed(task, estimator=Estimator.EMPIRICAL, draws=5)
    fisher = embed(task, estimator=Estimator.EXACT).embedding
    found = empirical.embedding
    assert found.space.estimator == "empirical fisher"
    assert (found.provenance.estimator, found.provenance.draws) == ("empirical", 1)
    with pytest.raises(SpaceMismatchError, match="estimator = "):
        distance.task_symmetric_distance(found, fisher)
    # By autograd on the weights: the gradient of the data set's labels.
    network = copy.deepcopy(tiny_probe.backbone).double().requires_grad_(True)
    features = tiny_probe.features(list(empirical.sample.images)).numpy()
    head = fit_head(features, empirical.sample.labels, classes=2)
    W, b = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
    kernels = [m.weight for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    expected = np.zeros(26)
    for x, label in zip(slow_inputs(empirical.sample), empirical.sample.labels, strict=True):
        log_p = F.linear(network(x[None]), W, b).log_softmax(dim=1)[0, label]
        gradients = torch.autograd.grad(log_p, kernels)
        means = torch.cat([g.square().flatten(1).mean(dim=1) for g in gradients])
        expected += means.numpy() / (2 * (12, 10)[label])
    np.testing.assert_allclose(found.values, expected, rtol=2e-3, atol=1e-7 * expected.max())
    assert not np.allclose(found.values, fisher.values, rtol=0.01)


def test_groups_share_out_the_images_of_rare_classes():
    labels = np.zeros((64, 2), dtype=np.int64)
    labels[::2, 0] = 1
    labels[[1, 5, 6, 20, 21, 40, 50, 63], 1] = 1
    labels[3] = -1
    groups = deal_groups(labels)
    assert np.bincount(groups).tolist() == [8] * 8
    # One image of the rare class in each group.
    assert sorted(groups[labels[:, 1] == 1]) == list(range(8))


def test_compares_the_heads_of_two_halves(tiny_probe, embed):
    settings = EmbeddingSettings(estimator=Estimator.EXACT, prior_precision=1e-4)
    sample = embed(colours(28, missing=0.2)).sample
    features = tiny_probe.features(list(sample.images)).numpy()
    groups = deal_groups(sample.labels)
    embeddings = []
    for parity in (0, 1):
        half = groups % 2 == parity
        for c in range(3):
            for value in (0, 1):
                having = sample.labels[:, c] == value
                # Both halves have both sides of every class, so that none is lent.
                assert (having & half).any()
        head = fit_head(features[half], sample.labels[half], classes=3)
        embeddings.append(by_definition(tiny_probe, sample, head).mean(axis=0) + 1e-4)
    expected = distance.symmetric_distance(*embeddings) / 2
    found = expected_refit_distance(
        tiny_probe,
        sample,
        features,
        head=fit_head(features, sample.labels, classes=3),
        groups=groups,
        settings=settings,
    )
    assert expected > 1e-4
    assert found == pytest.approx(expected, rel=1e-3)


def test_halves_have_both_sides_of_every_class():
    labels = np.array([[1, 0], [0, 0], [0, 1], [0, -1], [1, -1], [0, 1]])
    half = np.array([True, True, False, False, True, False])
    # It lacks images that have the second class; both that do join it.
    assert _with_all_classes(half, labels).tolist() == [True, True, True, False, True, True]
    assert half.tolist() == [True, True, False, False, True, False]
    whole = np.array([True, False, True, False, False, False])
    assert _with_all_classes(whole, labels).tolist() == whole.tolist()
