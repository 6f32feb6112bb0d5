"""Fine-tuning a random network on stripes in noise, which its frozen features see dimly."""

from copy import deepcopy
from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest
import torch
from PIL import Image

from task2vec.errors import SettingError
from task2vec.probe.head import fit_head
from task2vec.recommend import finetune as module
from task2vec.recommend.finetune import classify, fine_tune, passes
from task2vec.recommend.holdout import Labelled
from task2vec.recommend.tuning_settings import FineTuningSettings

CLASSES = 3
QUICK = FineTuningSettings(epochs=8, patience=8, learning_rate=0.03, seed=3)
NOTHING = Labelled((), np.zeros(0, dtype=np.int64), ())


def stripes(probe, count, seed):
    """Draw stripes of 24 x 24 pixels in strong noise: their direction is the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    y, x = np.mgrid[:24, :24]
    images = []
    for label in labels:
        angle, phase = np.pi * label / CLASSES, rng.uniform(0, 2 * np.pi)
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / 8 + phase)
        pixels = 128 + 70 * wave[..., None] + 130 * rng.normal(size=(24, 24, 3))
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        images.append(probe.preprocess(image))
    return Labelled(tuple(images), labels.astype(np.int64), tuple(map(str, range(count))))


@pytest.fixture(scope="module")
def data(tiny_probe):
    """Training, validation and test images."""
    return tuple(stripes(tiny_probe, count, seed) for seed, count in enumerate((90, 45, 90)))


@pytest.fixture
def epochs(monkeypatch):
    """Collect (loss, accuracy, weights) of the network at each validation, the probe's first."""
    seen = []
    validate = module._validate

    def note(network, start, validation, tick):
        found = validate(network, start, validation, tick)
        seen.append((*found, deepcopy(network.state_dict())))
        return found

    monkeypatch.setattr(module, "_validate", note)
    return seen


def tune(probe, data, settings=QUICK, **options):
    return fine_tune(probe, data[0], data[1], classes=CLASSES, settings=settings, **options)


def logits_of(found, probe, part):
    return classify(found.backbone, found.classifier, probe, part.images).numpy()


def accuracy(found, probe, part):
    return (logits_of(found, probe, part).argmax(axis=1) == part.labels).mean()


def weights(found):
    return torch.nn.Sequential(found.backbone, found.classifier).state_dict()


def same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(one[key], other[key]) for key in one)


def linear_probe(probe, training):
    features = probe.features(training.images).numpy()
    return fit_head(features, training.labels, classes=CLASSES)


def test_learns_what_frozen_features_do_not_tell(tiny_probe, data):
    head = linear_probe(tiny_probe, data[0])
    frozen = tiny_probe.features(data[2].images).numpy() @ head.weight.T + head.bias
    before = (frozen.argmax(axis=1) == data[2].labels).mean()
    start = deepcopy(tiny_probe.backbone.state_dict())
    found = tune(tiny_probe, data)
    assert before < 0.8
    assert accuracy(found, tiny_probe, data[2]) > before + 0.15
    assert found.best_epoch > 0
    assert found.validation_accuracy == pytest.approx(accuracy(found, tiny_probe, data[1]))
    # The start is as it was, and the copy was trained in all its weights but no statistics.
    assert same(tiny_probe.backbone.state_dict(), start)
    assert not any(p.requires_grad for p in tiny_probe.backbone.parameters())
    assert not tiny_probe.backbone.training
    tuned = found.backbone.state_dict()
    for name, value in start.items():
        learned = "running" not in name and "num_batches" not in name
        assert torch.equal(tuned[name], value) != learned, name
    assert not any(p.requires_grad for p in found.backbone.parameters())
    assert not any(p.requires_grad for p in found.classifier.parameters())


def test_a_seed_decides_all(tiny_probe, data):
    settings = replace(QUICK, epochs=2)
    # The state of torch's own generator must not matter, nor be the reason for a difference.
    torch.manual_seed(1)
    # Without validation the last epoch is kept, never the probe, which no seed changes.
    first = weights(tune(tiny_probe, (data[0], NOTHING), settings))
    torch.manual_seed(2)
    again = weights(tune(tiny_probe, (data[0], NOTHING), settings))
    other = weights(tune(tiny_probe, (data[0], NOTHING), replace(settings, seed=4)))
    assert same(first, again)
    assert not same(first, other)


@pytest.mark.parametrize(("rate", "patience"), [(0.03, 1), (0.3, 2), (0.9, 3)])
def test_stops_by_patience_and_keeps_the_best_epoch(tiny_probe, data, epochs, rate, patience):
    settings = replace(QUICK, epochs=5, learning_rate=rate, patience=patience)
    found = tune(tiny_probe, data, settings)
    losses = [loss for loss, *_ in epochs]
    trained = losses[1:]
    # The first epoch that comes `patience` epochs after the best so far.
    over = [
        e for e in range(1, 6) if e - (1 + int(np.argmin((trained + [np.inf] * 5)[:e]))) >= patience
    ]
    assert found.epochs == len(trained) == min([*over, 5])
    best = int(np.argmin(losses))
    assert found.best_epoch == best
    assert found.validation_accuracy == epochs[best][1]
    assert same(weights(found), epochs[best][2])


def test_an_epoch_in_the_middle_is_kept_as_it_was(tiny_probe, data, epochs):
    # Half of the labels are wrong: a little training helps, and certainty then harms.
    wrong = np.where(np.arange(45) % 2, data[1].labels, (data[1].labels + 1) % CLASSES)
    found = tune(tiny_probe, (data[0], replace(data[1], labels=wrong)), replace(QUICK, epochs=6))
    assert 0 < found.best_epoch < found.epochs
    assert found.best_epoch == int(np.argmin([loss for loss, *_ in epochs]))
    assert same(weights(found), epochs[found.best_epoch][2])


def test_keeps_the_linear_probe_where_training_harms(tiny_probe, data):
    found = tune(tiny_probe, data, replace(QUICK, epochs=3, learning_rate=0.99))
    assert (found.epochs, found.best_epoch) == (3, 0)
    assert same(found.backbone.state_dict(), tiny_probe.backbone.state_dict())
    head = linear_probe(tiny_probe, data[0])
    np.testing.assert_allclose(found.classifier.weight, head.weight, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.classifier.bias, head.bias, rtol=1e-4, atol=1e-5)


def test_without_validation_the_last_epoch_is_kept(tiny_probe, data, epochs):
    settings = replace(QUICK, epochs=3, patience=1, learning_rate=0.9)
    found = tune(tiny_probe, (data[0], NOTHING), settings)
    assert found.epochs == found.best_epoch == 3
    assert isnan(found.validation_accuracy)
    assert same(weights(found), epochs[-1][2])
    assert not same(weights(found), epochs[-2][2])


@pytest.mark.parametrize("lacking", [0, 1])
def test_every_pass_of_an_image_is_told(tiny_probe, data, lacking):
    settings = replace(QUICK, epochs=3, patience=3, batch_size=40)
    parts = (data[0], NOTHING) if lacking else data
    told = []
    tuned = tune(tiny_probe, parts, settings, tick=told.append)
    classify(tuned.backbone, tuned.classifier, tiny_probe, data[1].images, tick=told.append)
    counts = [len(part.images) for part in parts]
    assert sum(told) == passes(
        counts[0], validation=counts[1], test=len(data[1].images), settings=settings
    )
    assert max(told) == 40


def test_progress_counts_images_and_tells_the_best_accuracy_so_far(tiny_probe, data, epochs):
    told = []
    tune(
        tiny_probe,
        data,
        replace(QUICK, epochs=4, batch_size=40, learning_rate=0.1),
        progress=lambda *report: told.append(report),
    )
    assert [report[:4] for report in told] == [
        (epoch, 4, done, 90) for epoch in range(1, 5) for done in (40, 80, 90)
    ]
    losses = [loss for loss, *_ in epochs]
    for epoch, *_, accuracy_so_far in told:
        assert accuracy_so_far == epochs[int(np.argmin(losses[:epoch]))][1]


def test_progress_without_validation_has_no_accuracy(tiny_probe, data):
    told = []
    few = Labelled(data[0].images[:6], data[0].labels[:6], data[0].keys[:6])
    tune(
        tiny_probe,
        (few, NOTHING),
        replace(QUICK, epochs=1, batch_size=4),
        progress=lambda *report: told.append(report),
    )
    assert [report[:4] for report in told] == [(1, 1, 4, 6), (1, 1, 6, 6)]
    assert all(isnan(report[4]) for report in told)


def test_a_rare_class_counts_as_much_as_a_common_one(tiny_probe):
    # Equal pictures say nothing of the class: only the numbers of images could decide.
    grey = np.full((16, 16, 3), 128, dtype=np.uint8)
    labels = np.array([0] * 27 + [1] * 3)
    training = Labelled((grey,) * 30, labels, tuple(map(str, range(30))))
    found = fine_tune(
        tiny_probe, training, NOTHING, classes=2, settings=replace(QUICK, epochs=4, batch_size=30)
    )
    difference = np.diff(logits_of(found, tiny_probe, training))
    # Adam enlarges the rounding errors of gradients that cancel; log(3 / 27) = -2.2.
    np.testing.assert_allclose(difference, 0, atol=0.3)


def test_classifies_images_one_by_one_as_together(tiny_probe, data):
    found = tune(tiny_probe, data, replace(QUICK, epochs=1))
    together = logits_of(found, tiny_probe, data[2])
    assert together.shape == (90, CLASSES)
    for row in (0, 31, 32, 63, 64, 89):
        alone = classify(found.backbone, found.classifier, tiny_probe, (data[2].images[row],))
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-4, atol=1e-5)


def test_jitter_moves_a_little_and_never_flips():
    # A blob in the middle of the first channel, a ramp from left to right in the second.
    ramp = torch.linspace(-1, 1, 101)
    blob = torch.exp(-((ramp[:, None] ** 2 + ramp[None] ** 2) / 0.01))
    images = torch.stack([blob, ramp.expand(101, 101), ramp[:, None].expand(101, 101)])
    moved = module._jitter(images.expand(64, 3, 101, 101), torch.Generator().manual_seed(0))
    assert moved.shape == (64, 3, 101, 101)
    mass = moved[:, 0] / moved[:, 0].sum(dim=(1, 2), keepdim=True)
    centres = torch.stack([(mass.sum(dim=1) @ ramp), (mass.sum(dim=2) @ ramp)])
    # 6 % of a side, which is 2 wide here, enlarged by up to 10 %.
    assert centres.abs().max() < 0.12 / 0.9 + 0.01
    assert centres.std() > 0.03
    for channel, axis in ((1, 1), (2, 0)):
        along = moved[:, channel].mean(dim=2 - axis)
        slopes = (along[:, 60] - along[:, 40]) / (ramp[60] - ramp[40])
        assert slopes.min() > 0.89
        assert slopes.max() < 1.11
        assert slopes.std() > 0.02


@pytest.mark.parametrize("epochs", [1, 2, 8])
def test_the_rate_rises_for_one_epoch_and_falls_to_nothing(epochs):
    positions = np.arange(0, epochs, 0.05)
    rates = np.array([module._schedule(position, epochs) for position in positions])
    assert (rates > 0).all()
    assert (np.diff(rates[positions <= 1]) >= 0).all()
    assert (np.diff(rates[positions >= 1]) < 0).all()
    if epochs > 1:
        assert module._schedule(1, epochs) == 1
        assert module._schedule((1 + epochs) / 2, epochs) == pytest.approx(0.5)
        assert module._schedule(epochs, epochs) == pytest.approx(0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("patience", 0),
        ("batch_size", 1),
        ("seed", -1),
        ("learning_rate", 0.0),
        ("learning_rate", 1.0),
        ("learning_rate", nan),
        ("weight_decay", -0.01),
        ("weight_decay", nan),
    ],
)
def test_a_setting_out_of_range_is_named(name, value):
    with pytest.raises(SettingError, match=f"{name}.*got {value}"):
        FineTuningSettings(**{name: value})


def test_the_least_settings_are_allowed():
    FineTuningSettings(epochs=1, patience=1, batch_size=2, seed=0, weight_decay=0.0)
