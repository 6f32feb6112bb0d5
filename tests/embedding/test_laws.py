"""Laws of an embedding, on tasks and settings that hypothesis chooses."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.probe import Probe
from task2vec.types import Estimator

CLASSES = 3

few = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
seeds = st.integers(0, 2**31)


def pictures(seed, count):
    """Draw images of classes that differ in colour; every class has at least two."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(2 * CLASSES) % CLASSES, rng.integers(0, CLASSES, count)])
    colours = rng.uniform(0, 255, (CLASSES, 3))
    noise = rng.normal(0, 60, (len(labels), 16, 16, 3))
    return np.uint8((colours[labels][:, None, None] + noise).clip(0, 255)), labels


def task_of(images, labels, names="abc"):
    return task_from_arrays(list(images), [names[label] for label in labels], name="colours")


@pytest.fixture
def embed(tiny_probe):
    def run(task, probe=tiny_probe, **changes):
        chosen = {"estimator": Estimator.EXACT, "images": 1000, **changes}
        return Embedder(probe, EmbeddingSettings(**chosen)).embed(task).embedding

    return run


def same(a, b):
    np.testing.assert_allclose(a.values, b.values, rtol=2e-4, atol=1e-6 * b.values.max())


@few
@given(seeds, st.integers(0, 12), st.randoms(use_true_random=False))
def test_the_order_of_images_does_not_matter(embed, seed, count, random):
    images, labels = pictures(seed, count)
    order = list(range(len(labels)))
    random.shuffle(order)
    same(embed(task_of(images[order], labels[order])), embed(task_of(images, labels)))


@few
@given(seeds, st.integers(0, 12), st.integers(2, 3))
def test_a_data_set_repeated_is_the_same_task(embed, seed, count, times):
    images, labels = pictures(seed, count)
    repeated = task_of(np.tile(images, (times, 1, 1, 1)), np.tile(labels, times))
    same(embed(repeated), embed(task_of(images, labels)))


@few
@given(seeds, st.integers(0, 12), st.integers(1, 20), st.sampled_from(list(Estimator)))
def test_the_batch_size_does_not_matter(embed, seed, count, batch_size, estimator):
    task = task_of(*pictures(seed, count))
    found = embed(task, batch_size=batch_size, estimator=estimator)
    same(found, embed(task, estimator=estimator))


@few
@given(seeds, st.integers(0, 12), st.permutations("abc"))
def test_the_names_of_classes_do_not_matter_to_the_exact_fisher(embed, seed, count, names):
    images, labels = pictures(seed, count)
    same(embed(task_of(images, labels, names)), embed(task_of(images, labels)))


class Cramped(nn.Module):
    """A network on a machine that has memory for a limited number of images."""

    def __init__(self, network, most):
        super().__init__()
        self.network, self.most = network, most

    def forward(self, images):
        if torch.is_grad_enabled() and len(images) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.network(images)


@few
@given(seeds, st.integers(0, 12), st.integers(1, 9), st.sampled_from(list(Estimator)))
def test_memory_that_runs_out_changes_nothing(embed, tiny_probe, seed, count, most, estimator):
    task = task_of(*pictures(seed, count))
    cramped = Probe(tiny_probe.card, Cramped(tiny_probe.backbone, most))
    same(embed(task, cramped, estimator=estimator), embed(task, estimator=estimator))
