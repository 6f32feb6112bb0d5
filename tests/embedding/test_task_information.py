"""From a task and a probe to the information in the weights."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.embedding import information
from task2vec.embedding.information import InformationSettings, measure_information, noisy_task
from task2vec.errors import SettingError
from task2vec.fisher.noise import nats_of_noise
from task2vec.fisher.variational import Stopping, fit_precision
from task2vec.probe.weights import hash_weights

SETTINGS = InformationSettings(
    images=24, beta=1e-2, betas=(1e-4, 1.0), batch_size=6, stopping=Stopping(0.3, rounds=40)
)


@pytest.fixture(scope="module")
def task(folder):
    return open_source(folder)


@pytest.fixture(scope="module")
def found(tiny_probe, task):
    return measure_information(task, tiny_probe, SETTINGS)


def test_layers_add_up_to_the_total(found, tiny_probe):
    convolutions = {
        name: module.weight
        for name, module in tiny_probe.backbone.named_modules()
        if isinstance(module, torch.nn.Conv2d)
    }
    assert [layer.name for layer in found.layers] == list(convolutions)
    assert sum(layer.nats for layer in found.layers) == pytest.approx(found.nats)
    assert sum(layer.nats_of_place for layer in found.layers) == pytest.approx(found.nats_of_place)
    for layer in found.layers:
        weight = convolutions[layer.name]
        assert layer.weights == weight.numel()
        assert layer.prior_std == pytest.approx(weight.square().mean().sqrt().item())
        # At the weights' own scale their place costs half a nat each.
        assert layer.nats_of_place == pytest.approx(weight.numel() / 2)
        assert layer.nats > layer.nats_of_place
        assert 0 < layer.noise < 1


def test_the_curve_trades_loss_for_nats(found):
    assert [point.beta for point in found.curve] == [1e-4, 1e-2, 1.0]
    losses, nats = zip(*((point.loss, point.nats) for point in found.curve), strict=True)
    assert losses[0] < losses[1] < losses[2]
    assert nats[0] > nats[1] > nats[2] > found.nats_of_place
    (chosen,) = (point for point in found.curve if point.beta == found.beta)
    assert chosen.nats == pytest.approx(found.nats)
    assert chosen.loss == found.loss
    assert losses[0] == pytest.approx(found.loss_of_weights, rel=0.1)
    assert found.loss_of_guessing == pytest.approx(math.log(3))
    assert found.converged
    assert found.warnings == ()


def test_the_noise_is_at_the_minimum_of_the_lagrangian(tiny_probe, task):
    """Where a layer's noise is made larger or smaller as a whole, loss and nats cost more."""
    sample = draw_sample(
        task, images=SETTINGS.images, seed=SETTINGS.seed, transform=tiny_probe.preprocess
    )
    noisy = noisy_task(tiny_probe, sample, SETTINGS)
    prior, layer, objective = noisy.prior, noisy.copy.layer, noisy.objective
    start = objective.sample(np.zeros(len(prior))).curvature.mean(axis=0)
    fit = fit_precision(
        objective, beta=SETTINGS.beta, prior=prior, start=start, stopping=SETTINGS.stopping
    )

    def lagrangian(changed):
        nats = nats_of_noise(changed, prior=prior, sizes=noisy.copy.sizes).sum()
        # Common random numbers: a new objective draws the same.
        fresh = noisy_task(tiny_probe, sample, replace(SETTINGS, seed=5)).objective
        loss = np.mean([fresh.evaluate(1 / changed)[0] for _ in range(20)])
        return loss + SETTINGS.beta / len(sample.images) * nats

    least = lagrangian(fit.precision)
    for position in range(3):
        for factor in (0.25, 4):
            changed = np.where(layer == position, fit.precision * factor, fit.precision)
            assert least < lagrangian(changed)


def test_the_probe_is_not_touched(tiny_probe, task):
    before = hash_weights(tiny_probe.backbone.state_dict())

    def interrupt(_beta, _state):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_information(task, tiny_probe, SETTINGS, interrupt)
    assert hash_weights(tiny_probe.backbone.state_dict()) == before
    assert not any(p.requires_grad for p in tiny_probe.backbone.parameters())


def test_equal_settings_give_equal_information(found, tiny_probe, task):
    assert measure_information(task, tiny_probe, SETTINGS) == found
    other = measure_information(task, tiny_probe, replace(SETTINGS, seed=1, betas=()))
    assert other.nats != found.nats
    assert other.nats == pytest.approx(found.nats, rel=0.2)


def test_too_few_rounds_are_told(tiny_probe, task):
    short = replace(SETTINGS, stopping=Stopping(0.02, rounds=2))
    found = measure_information(task, tiny_probe, short)
    assert not found.converged
    assert any("beta 0.01 has not converged in 2 rounds" in text for text in found.warnings)


def test_a_wide_prior_leaves_more_nats_to_hold(found, tiny_probe, task):
    wide = measure_information(task, tiny_probe, replace(SETTINGS, prior_std=10.0, betas=()))
    assert {layer.prior_std for layer in wide.layers} == {10.0}
    assert wide.nats_of_place < 0.01 * found.nats_of_place
    # log(10 / scale) nats a weight more to say where it is.
    assert wide.nats - wide.nats_of_place > found.nats - found.nats_of_place


def test_every_weight_may_have_noise_of_its_own(found, tiny_probe, task):
    single = measure_information(
        task, tiny_probe, replace(SETTINGS, per_weight=True, betas=(SETTINGS.beta,))
    )
    assert [layer.weights for layer in single.layers] == [layer.weights for layer in found.layers]
    # More freedom lowers the Lagrangian, but for what the fits leave.
    beta = found.beta / found.images
    assert single.loss + beta * single.nats < 1.1 * (found.loss + beta * found.nats)


def test_several_labels_an_image(tiny_probe):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (16, 16, 16, 3), dtype=np.uint8)
    labels = (np.arange(16)[:, None] >> np.arange(3)) & 1
    task = task_from_arrays(list(images), labels, name="several")
    found = measure_information(task, tiny_probe, replace(SETTINGS, betas=(SETTINGS.beta,)))
    assert found.loss_of_guessing == pytest.approx(3 * math.log(2))
    assert 0 < found.loss_of_weights < found.loss_of_guessing
    assert found.nats > found.nats_of_place


@pytest.mark.parametrize(
    "changes",
    [{"images": 1}, {"betas": (0.0,)}, {"beta": math.inf}, {"prior_std": 0.0}, {"batch_size": 0}],
)
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(SettingError):
        InformationSettings(**changes)


@pytest.mark.parametrize(
    ("loss", "warned"), [(1.7, True), (0.69, True), (0.65, True), (0.6, False)]
)
def test_warns_where_nothing_is_left_of_the_task(loss, warned):
    found = information.nothing_left(loss, 1e-5, without=0.2, guessing=0.693)
    assert bool(found) == warned
    if warned:
        assert f"at beta 1e-05 the loss is {loss:.3f}, hardly better than guessing" in found[0]


def test_the_warning_is_of_the_beta_that_is_told_of(monkeypatch, task, tiny_probe):
    # What this network knows of these stripes is little, and half of it is left under much noise.
    monkeypatch.setattr(information, "_WORTH_TELLING", 0.7)
    settings = replace(SETTINGS, beta=1e3, betas=(1e-4,))
    found = measure_information(task, tiny_probe, settings)
    assert any("at beta 1000 the loss is" in text for text in found.warnings)
    found = measure_information(task, tiny_probe, replace(settings, beta=1e-4, betas=(1e3,)))
    assert not any("the loss is" in text for text in found.warnings)
