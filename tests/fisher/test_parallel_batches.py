"""Batches side by side: in order, a few at a time, and with the same results."""

import threading
from itertools import count, islice

import numpy as np
import pytest
import torch
from fisher_cases import close, exact_by, seen_by
from test_estimate import (  # noqa: F401 - fixtures among them
    IMAGES,
    WEIGHT,
    estimate,
    head,
    inputs,
    weights,
)
from test_slow_layers import Twice

from task2vec.fisher.parallel_batches import batches_at_once, map_batches
from task2vec.fisher.per_image import PerImageFisher

CPU = torch.device("cpu")


@pytest.fixture
def passive(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_threads_are_shared_out_and_given_back(passive):
    found = set(map_batches(lambda _: torch.get_num_threads(), range(8), at_once=3))
    assert found == {1}
    assert torch.get_num_threads() == 3
    assert set(map_batches(lambda _: torch.get_num_threads(), range(8), at_once=2)) == {1}


def test_what_the_work_raises_is_raised(passive):
    def work(number):
        if number == 3:
            raise ValueError("three")
        return number

    results = map_batches(work, count(), at_once=2)
    assert list(islice(results, 3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert torch.get_num_threads() == 3
    assert not [t for t in threading.enumerate() if t.name.startswith("ahead")]


def test_how_many(passive, monkeypatch):
    assert batches_at_once(CPU) == 3
    assert batches_at_once(torch.device("cuda")) == 1
    torch.set_num_threads(16)
    assert batches_at_once(CPU) == 4
    # Threads that wait in a loop would keep the cores from the others.
    for other in ("active", ""):
        monkeypatch.setenv("OMP_WAIT_POLICY", other)
        assert batches_at_once(CPU) == 1
    monkeypatch.delenv("OMP_WAIT_POLICY")
    assert batches_at_once(CPU) == 1


def test_an_estimate_side_by_side_is_equal(passive, monkeypatch, tiny_probe, head, inputs, weights):  # noqa: F811
    told = []
    own = threading.get_ident()

    def progress(done):
        assert threading.get_ident() == own
        told.append(done)

    threads = set()

    def seen(features):
        threads.add(threading.get_ident())
        return head(features)

    found = estimate(tiny_probe, seen, inputs, weights, batch=2, progress=progress)
    assert len(threads - {own}) > 1
    assert told == sorted(told)
    # Three classes, a pass each.
    assert told[-1] == 3 * len(inputs)
    monkeypatch.delenv("OMP_WAIT_POLICY")
    expected = estimate(tiny_probe, head, inputs, weights, batch=2)
    for name in ("values", "errors", "replicates"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(expected, name), rtol=1e-4, atol=1e-12
        )


def test_threads_share_one_that_differentiates_weights():
    # A weight that one thread frees for autograd must not be frozen by another meanwhile.
    network, head, images = seen_by(Twice().double())  # noqa: F811
    network.requires_grad_(False)
    per_image = PerImageFisher(network)
    expected = exact_by(PerImageFisher(network), head, images)
    for found in map_batches(lambda _: exact_by(per_image, head, images), range(24), at_once=4):
        close(found, expected)


def test_who_waits_looks_up(passive):
    # A batch of many passes takes long, and the caller must hear of each.
    looked = threading.Event()
    assert list(map_batches(lambda _: looked.wait(30), [0], at_once=2, meanwhile=looked.set)) == [
        True
    ]


def test_passes_are_told_while_their_batch_goes_on(passive, tiny_probe, inputs, weights):  # noqa: F811
    heard = threading.Event()
    found = []

    def progress(done):
        found.append(done)
        heard.set()

    class Waiting(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.calls = 0
            return x.view_as(x)

        @staticmethod
        def backward(ctx, gradient):
            ctx.calls += 1
            if ctx.calls == 2:
                assert heard.wait(30), "the first pass was not told"
            return gradient

    estimate(
        tiny_probe,
        lambda f: Waiting.apply(torch.nn.functional.linear(f, WEIGHT)),
        inputs,
        weights,
        batch=IMAGES,
        progress=progress,
    )
    assert found == [IMAGES, 2 * IMAGES, 3 * IMAGES]
