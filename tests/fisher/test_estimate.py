import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from oracles import fisher_by_definition

from task2vec.errors import SettingError
from task2vec.fisher.estimate import deal_groups, estimate_fisher
from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import Estimator

IMAGES = 11


@pytest.fixture(scope="module")
def inputs():
    generator = torch.Generator().manual_seed(9)
    # Brightness varies from image to image, so that their Fisher information does.
    return (
        torch.randn(IMAGES, 3, 16, 16, generator=generator)
        + torch.linspace(0, 2, IMAGES)[:, None, None, None]
    )


WEIGHT = torch.randn(3, 40, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def head():
    return lambda features: F.linear(features, WEIGHT)


@pytest.fixture(scope="module")
def weights():
    given = np.random.default_rng(2).uniform(0.5, 2, IMAGES)
    return given / given.sum()


GROUPS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1])


def estimate(probe, head, inputs, weights, **changes):
    options = {"estimator": Estimator.EXACT, "batch": 4, "seed": 0, "progress": None, **changes}
    noise = draw_noise(
        options["estimator"],
        LabelModel(
            images=len(inputs),
            classes=3,
            gram=(WEIGHT @ WEIGHT.T).double().numpy(),
            labels=np.arange(len(inputs)) % 3,
        ),
        draws=1,
        seed=options["seed"],
    )
    groups = options.get("groups", GROUPS)
    return estimate_fisher(
        probe.backbone,
        head,
        torch.split(inputs, options["batch"]),
        noise=noise,
        weights=weights,
        groups=groups,
        progress=options["progress"],
    )


def test_values_errors_and_replicates(tiny_probe, head, inputs, weights):
    per_image = fisher_by_definition(tiny_probe.backbone, head, inputs).double().numpy()
    found = estimate(tiny_probe, head, inputs, weights)
    values = sum(w * g for w, g in zip(weights, per_image, strict=True))
    np.testing.assert_allclose(found.values, values, rtol=1e-5)
    squares = sum(w**2 * (g - values) ** 2 for w, g in zip(weights, per_image, strict=True))
    errors = np.sqrt(IMAGES / (IMAGES - 1) * squares)
    np.testing.assert_allclose(found.errors, errors, rtol=1e-4)
    assert (errors > 0.05 * values).any()
    for number, replicate in enumerate(found.replicates):
        own = number == GROUPS
        expected = np.average(per_image[own], axis=0, weights=weights[own])
        np.testing.assert_allclose(replicate, expected, rtol=1e-5)


@pytest.mark.parametrize("estimator", Estimator)
def test_batches_and_repeats_do_not_matter(tiny_probe, head, inputs, weights, estimator):
    first = estimate(tiny_probe, head, inputs, weights, estimator=estimator, batch=4)
    again = estimate(tiny_probe, head, inputs, weights, estimator=estimator, batch=4)
    for name in ("values", "errors", "replicates"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    for batch in (1, 3, IMAGES):
        other = estimate(tiny_probe, head, inputs, weights, estimator=estimator, batch=batch)
        np.testing.assert_allclose(other.values, first.values, rtol=1e-5)
        np.testing.assert_allclose(other.errors, first.errors, rtol=1e-4)
        np.testing.assert_allclose(other.replicates, first.replicates, rtol=1e-5)


def test_another_seed_is_another_estimate(tiny_probe, head, inputs, weights):
    first, other = (
        estimate(tiny_probe, head, inputs, weights, estimator=Estimator.RADEMACHER, seed=seed)
        for seed in (0, 1)
    )
    assert not np.allclose(first.values, other.values, rtol=1e-3)


def test_standard_error_is_the_spread_over_redrawn_images(tiny_probe, head):
    # 300 redraws of 24 images, their weights as unequal as those of a lopsided task.
    generator = torch.Generator().manual_seed(3)
    count, repeats = 24, 300
    weights = np.repeat([1.0, 3.0], count // 2)
    weights /= weights.sum()
    values, variances = [], []
    for repeat in range(repeats):
        brightness = torch.rand(count, 1, 1, 1, generator=generator) * 2
        images = torch.randn(count, 3, 16, 16, generator=generator) + brightness
        found = estimate(
            tiny_probe,
            head,
            images,
            weights,
            estimator=Estimator.RADEMACHER,
            batch=count,
            seed=repeat,
            groups=np.zeros(count, dtype=np.int64),
        )
        values.append(found.values)
        variances.append(found.errors**2)
    true = np.var(values, axis=0, ddof=1)
    ratio = np.mean(variances, axis=0)[true > 0] / true[true > 0]
    # A variance from 300 repeats is itself known to 8 % (standard deviation).
    assert np.median(ratio) == pytest.approx(1, abs=0.15)
    assert ratio.min() > 0.6
    assert ratio.max() < 1.6


def test_tells_its_progress(tiny_probe, head, inputs, weights):
    told, exact = [], []
    options = {"estimator": Estimator.RADEMACHER, "progress": told.append}
    estimate(tiny_probe, head, inputs, weights, **options)
    assert told == [4, 8, 11]
    # Three classes, three passes for each batch.
    estimate(tiny_probe, head, inputs, weights, progress=exact.append)
    assert exact == [4, 8, 12, 16, 20, 24, 27, 30, 33]


def test_refuses_images_that_give_no_finite_numbers(tiny_probe, head, inputs, weights):
    broken = inputs.clone()
    broken[7] = torch.nan
    with pytest.raises(SettingError, match="not finite"):
        estimate(tiny_probe, head, broken, weights)


def test_images_keep_their_draws_wherever_an_estimate_begins(tiny_probe, head, inputs, weights):
    # Signs belong to an image's place among all, in parts of a task and in halved batches alike.
    noise = draw_noise(Estimator.RADEMACHER, LabelModel(images=IMAGES, classes=3), draws=1, seed=0)

    def part(rows, **options):
        return estimate_fisher(
            tiny_probe.backbone,
            head,
            torch.split(inputs[rows], 4),
            noise=noise,
            weights=np.full(len(inputs[rows]), 1 / len(inputs[rows])),
            groups=np.arange(len(inputs[rows])) % 2,
            start=rows.start,
            **options,
        ).values

    whole = part(slice(0, IMAGES))
    first, rest = part(slice(0, 3)), part(slice(3, IMAGES))
    np.testing.assert_allclose((3 * first + 8 * rest) / IMAGES, whole, rtol=1e-5)


def test_halved_batches_keep_their_draws(monkeypatch, tiny_probe, head, inputs, weights):
    whole = estimate(tiny_probe, head, inputs, weights, estimator=Estimator.RADEMACHER)
    call = PerImageFisher.__call__

    def tight(self, images, *arguments, **options):
        if len(images) > 1:
            raise torch.OutOfMemoryError
        return call(self, images, *arguments, **options)

    monkeypatch.setattr(PerImageFisher, "__call__", tight)
    halved = estimate(tiny_probe, head, inputs, weights, estimator=Estimator.RADEMACHER)
    np.testing.assert_allclose(halved.values, whole.values, rtol=1e-5)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_deals_as_cards_are_dealt(labels):
    found = deal_groups(np.array(labels))
    hands, turn = [None] * len(labels), 0
    for label in range(5):
        for position, own in enumerate(labels):
            if own == label:
                hands[position] = turn % min(8, len(labels))
                turn += 1
    assert found.tolist() == hands


@given(st.lists(st.integers(0, 4), min_size=8, max_size=60))
def test_every_group_is_balanced(labels):
    groups, labels = deal_groups(np.array(labels)), np.array(labels)
    assert set(groups) == set(range(8))
    for chosen in (np.full(len(labels), True), *(labels == label for label in set(labels))):
        sizes = np.bincount(groups[chosen], minlength=8)
        assert sizes.max() - sizes.min() <= 1
