"""Fine-tuning a random network on stripes in noise, which its frozen features see dimly."""

from copy import deepcopy
from dataclasses import replace
from math import nan

import numpy as np
import pytest
import torch
from stripes import CLASSES, QUICK, stripes

from task2vec.errors import SettingError
from task2vec.finetuning import epochs as module
from task2vec.finetuning.classify import BestEpoch, classify, fitted_classifier, unheard
from task2vec.finetuning.foreseen_work import passes
from task2vec.finetuning.recipe import fine_tune
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.finetuning.training import Training, learning_pace
from task2vec.probe.head import fit_head
from task2vec.types import ChosenBy, Recipe


@pytest.fixture(scope="module")
def data(tiny_probe):
    """Training, validation and test images."""
    return tuple(stripes(tiny_probe, count, seed) for seed, count in enumerate((90, 45, 90)))


@pytest.fixture
def epochs(monkeypatch):
    """Collect (score, weights) of the network at each validation."""
    seen = []

    class Noting(BestEpoch):
        def consider(self, epoch, network, held_out):
            super().consider(epoch, network, held_out)
            seen.append((held_out.score, deepcopy(network.state_dict())))

    monkeypatch.setattr(module, "BestEpoch", Noting)
    return seen


def tune(probe, data, settings=QUICK, **options):
    return fine_tune(probe, data[0], data[1], classes=CLASSES, settings=settings, **options)


def logits_of(found, probe, part):
    return classify(found.backbone, found.classifier, probe, part.images).numpy()


def accuracy(found, probe, part):
    return (logits_of(found, probe, part).argmax(axis=1) == part.labels).mean()


def some(part, count):
    return part_of(part, np.arange(count))


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
    assert found.choice.chosen is Recipe.ALL_LAYERS
    assert found.choice.by is ChosenBy.VALIDATION
    assert found.choice.images == 45
    tuned = accuracy(found, tiny_probe, data[1])
    assert found.choice.all_layers.accuracy == pytest.approx(tuned)
    frozen = tiny_probe.features(data[1].images).numpy() @ head.weight.T + head.bias
    probed = (frozen.argmax(axis=1) == data[1].labels).mean()
    assert found.choice.linear_probe.accuracy == pytest.approx(probed)
    held = logits_of(found, tiny_probe, data[1])
    np.testing.assert_allclose(found.held_out.logits, held, rtol=1e-4, atol=1e-5)
    assert np.array_equal(found.held_out.labels, data[1].labels)
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
    # Training must win, since no seed changes the linear probe.
    settings = replace(QUICK, epochs=3)
    # The state of torch's own generator must not matter, nor be the reason for a difference.
    torch.manual_seed(1)
    first = weights(tune(tiny_probe, data, settings))
    torch.manual_seed(2)
    again = weights(tune(tiny_probe, data, settings))
    other = weights(tune(tiny_probe, data, replace(settings, seed=4)))
    assert same(first, again)
    assert not same(first, other)


@pytest.mark.parametrize(("rate", "patience"), [(0.03, 1), (0.3, 2), (0.9, 3)])
def test_stops_by_patience_and_keeps_the_best_epoch(tiny_probe, data, epochs, rate, patience):
    settings = replace(QUICK, epochs=5, learning_rate=rate, patience=patience)
    found = tune(tiny_probe, data, settings)
    trained = [score.loss for score, _ in epochs]
    # The first epoch that comes `patience` epochs after the best so far.
    over = [
        e for e in range(1, 6) if e - (1 + int(np.argmin((trained + [np.inf] * 5)[:e]))) >= patience
    ]
    assert found.epochs == len(trained) == min([*over, 5])
    best = int(np.argmin(trained))
    assert found.choice.all_layers == epochs[best][0]
    if found.choice.chosen is Recipe.ALL_LAYERS:
        assert found.best_epoch == best + 1
        assert same(weights(found), epochs[best][1])
    else:
        assert found.best_epoch == 0
        assert same(found.backbone.state_dict(), tiny_probe.backbone.state_dict())


def test_an_epoch_in_the_middle_is_kept_as_it_was(tiny_probe, data, epochs):
    # Half of the labels are wrong: a little training helps, and certainty then harms.
    wrong = np.where(np.arange(45) % 2, data[1].labels, (data[1].labels + 1) % CLASSES)
    found = tune(tiny_probe, (data[0], replace(data[1], labels=wrong)), replace(QUICK, epochs=6))
    assert 0 < found.best_epoch < found.epochs
    assert found.best_epoch == 1 + int(np.argmin([score.loss for score, _ in epochs]))
    assert same(weights(found), epochs[found.best_epoch - 1][1])


def test_keeps_the_linear_probe_where_training_harms(tiny_probe, data):
    found = tune(tiny_probe, data, replace(QUICK, epochs=3, learning_rate=0.99))
    assert (found.epochs, found.best_epoch) == (3, 0)
    assert found.choice.chosen is Recipe.LINEAR_PROBE
    assert found.choice.all_layers.loss > found.choice.linear_probe.loss
    assert same(found.backbone.state_dict(), tiny_probe.backbone.state_dict())
    head = linear_probe(tiny_probe, data[0])
    np.testing.assert_allclose(found.classifier.weight, head.weight, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.classifier.bias, head.bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("validated", [45, 12])
def test_every_pass_of_an_image_is_told(tiny_probe, data, validated):
    settings = replace(QUICK, epochs=8, patience=8, batch_size=40)
    told = []
    parts = (data[0], some(data[1], validated))
    tuned = tune(tiny_probe, parts, settings, tick=told.append)
    classify(tuned.backbone, tuned.classifier, tiny_probe, data[1].images, tick=told.append)
    most = passes(data[0].labels, validation=parts[1].labels, test=45, settings=settings)
    # Where the linear probe is chosen, the training on all images is left out.
    assert tuned.choice.chosen is Recipe.ALL_LAYERS
    assert sum(told) == most
    assert max(told) == 40


def test_what_is_being_done_is_said_before_it_is_done(tiny_probe, data, epochs):
    said = []
    settings = replace(QUICK, epochs=4, learning_rate=0.1, patience=4)
    tuned = tune(tiny_probe, data, settings, say=lambda *step: said.append(step))
    losses = [score.loss for score, _ in epochs]
    images = len(data[0].images) + len(data[1].images)
    # Before the first epoch there is only the linear probe.
    first = f"linear probe {100 * tuned.choice.linear_probe.accuracy:.0f} %"
    expected = ["looking at the images", f"epoch 1 of at most 4, {first}"]
    for epoch in (2, 3, 4):
        best = int(np.argmin(losses[: epoch - 1]))
        share = f"{100 * epochs[best][0].accuracy:.0f} %"
        expected.append(f"epoch {epoch} of at most 4, best so far {share} (epoch {best + 1})")
    assert said == [(words, images) for words in expected]


def test_a_rare_class_counts_as_much_as_a_common_one(tiny_probe):
    # Equal pictures say nothing of the class: only the numbers of images could decide.
    grey = np.full((16, 16, 3), 128, dtype=np.uint8)
    labels = np.array([0] * 27 + [1] * 3)
    training = Labelled((grey,) * 30, labels, tuple(map(str, range(30))))
    head = fitted_classifier(
        tiny_probe.features(training.images), labels, classes=2, device=tiny_probe.device
    )
    run = Training(
        tiny_probe, training, classifier=head, settings=replace(QUICK, batch_size=30), rate=0.03
    )
    for _ in range(4):
        run.run_epoch(unheard)
    difference = np.diff(logits_of(run, tiny_probe, training))
    # Adam enlarges the rounding errors of gradients that cancel; log(3 / 27) = -2.2.
    np.testing.assert_allclose(difference, 0, atol=0.3)


def test_classifies_images_one_by_one_as_together(tiny_probe, data):
    found = tune(tiny_probe, data, replace(QUICK, epochs=1))
    together = logits_of(found, tiny_probe, data[2])
    assert together.shape == (90, CLASSES)
    for row in (0, 31, 32, 63, 64, 89):
        alone = classify(found.backbone, found.classifier, tiny_probe, (data[2].images[row],))
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("images", "batch", "epochs"),
    [(2, 4, 64), (25, 7, 16), (64, 16, 16), (128, 32, 16), (200, 32, 10), (300, 32, 8)],
)
def test_few_images_train_in_as_many_steps_as_some_hundred(images, batch, epochs):
    settings = FineTuningSettings()
    assert (settings.batch_for(images), settings.epochs_for(images)) == (batch, epochs)
    assert epochs * -(-images // batch) >= 64
    fixed = FineTuningSettings(epochs=3, batch_size=5)
    assert (fixed.batch_for(images), fixed.epochs_for(images)) == (5, 3)


@pytest.mark.parametrize("epochs", [1, 2, 8])
def test_the_rate_rises_for_one_epoch_and_falls_to_nothing(epochs):
    positions = np.arange(0, epochs, 0.05)
    rates = np.array([learning_pace(position, epochs) for position in positions])
    assert (rates > 0).all()
    assert (np.diff(rates[positions <= 1]) >= 0).all()
    assert (np.diff(rates[positions >= 1]) < 0).all()
    if epochs > 1:
        assert learning_pace(1, epochs) == 1
        assert learning_pace((1 + epochs) / 2, epochs) == pytest.approx(0.5)
        assert learning_pace(epochs, epochs) == pytest.approx(0)


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
        ("weight_decay", 1.0),
        ("weight_decay", nan),
        ("augmentation", -0.1),
        ("augmentation", 5.1),
        ("augmentation", nan),
    ],
)
def test_a_setting_out_of_range_is_named(name, value):
    with pytest.raises(SettingError, match=f"{name}.*got {value}"):
        FineTuningSettings(**{name: value})


def test_settings_at_the_ends_of_their_ranges_are_allowed():
    least = FineTuningSettings(epochs=1, patience=1, batch_size=2, seed=0, weight_decay=0.0)
    assert replace(least, augmentation=5.0).augmentation == 5.0
