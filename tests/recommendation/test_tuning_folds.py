"""The comparison of linear probe and fine-tuning by cross-validation, against a slow oracle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripes import CLASSES, QUICK, stripes

from task2vec.finetuning.classify import classify, fitted_classifier, unheard
from task2vec.finetuning.cross_validation import cross_validate_probe, cross_validate_training
from task2vec.finetuning.foreseen_work import FOLDS, LEAST_VALIDATION, folds
from task2vec.finetuning.prepared import ForAllLayers, Run
from task2vec.finetuning.recipe import fine_tune
from task2vec.finetuning.resume import Unfinished
from task2vec.finetuning.settings import FineTuningSettings, HeadStart
from task2vec.finetuning.splits import Labelled, joined, part_of
from task2vec.finetuning.training import Training
from task2vec.probe.head import fit_head
from task2vec.types import ChosenBy, Recipe

FEW = replace(QUICK, epochs=3)
NOTHING = Labelled((), np.zeros(0, dtype=np.int64), ())


@pytest.fixture(scope="module")
def data(tiny_probe):
    return stripes(tiny_probe, 36, 0)


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=40), seed=st.integers(0, 9))
def test_folds_hold_out_every_image_once_and_train_every_class(labels, seed):
    _, labels = np.unique(labels, return_inverse=True)
    counts = np.bincount(labels)
    found = folds(labels, seed=seed)
    assert len(found) == (min(FOLDS, counts[counts > 1].min()) if (counts > 1).any() else 0)
    for train, out in found:
        assert sorted([*train, *out]) == list(range(len(labels)))
        assert set(labels[train]) == set(labels)
    if found:
        held = np.concatenate([out for _, out in found])
        assert sorted(held) == np.flatnonzero(counts[labels] > 1).tolist()


def test_another_seed_divides_otherwise():
    labels = np.repeat(np.arange(3), 12)
    first, again, other = (folds(labels, seed=seed) for seed in (0, 0, 1))
    assert [out.tolist() for _, out in first] == [out.tolist() for _, out in again]
    assert [out.tolist() for _, out in first] != [out.tolist() for _, out in other]


@pytest.mark.parametrize("head_start", HeadStart)
def test_each_image_is_judged_by_models_that_it_did_not_train(tiny_probe, data, head_start):
    features = tiny_probe.features(data.images)
    settings = replace(FEW, learning_rate=None, head_start=head_start)
    run = Run(
        start=tiny_probe,
        classes=CLASSES,
        settings=settings,
        say=lambda _words, _images: None,
        tick=unheard,
        unfinished=Unfinished(),
    )
    divided = folds(data.labels, seed=settings.seed)
    heads, by_probe = cross_validate_probe(run, data, features, divided)
    by_training = cross_validate_training(
        run, ForAllLayers(run, data), divided, heads=heads, rate=3e-4, doing="comparing"
    )
    frozen, tuned, labels = [], [], []
    for train, out in folds(data.labels, seed=settings.seed):
        head = fit_head(features[train].numpy(), data.labels[train], classes=CLASSES)
        frozen.append(features[out].numpy() @ head.weight.T + head.bias)
        labels.append(data.labels[out])
        part = part_of(data, train)
        classifier = fitted_classifier(
            features[train], part.labels, classes=CLASSES, device=tiny_probe.device
        )
        run = Training(tiny_probe, part, classifier=classifier, settings=settings, rate=3e-4)
        for _ in range(3):
            run.run_epoch(unheard)
        logits = run.classifier(run.backbone(tiny_probe.to_input(part_of(data, out).images)))
        tuned.append(logits.detach())
    assert np.array_equal(by_probe.labels, np.concatenate(labels))
    assert np.array_equal(by_training.labels, np.concatenate(labels))
    for held, expected in ((by_probe, frozen), (by_training, tuned)):
        expected = np.concatenate([np.asarray(part) for part in expected])
        np.testing.assert_allclose(held.logits, expected, rtol=1e-3, atol=1e-4)


def test_few_images_are_trained_at_a_smaller_rate_than_many(tiny_probe):
    many = stripes(tiny_probe, 60, seed=5)
    settings = FineTuningSettings(epochs=1)
    rates = []
    for validated in (LEAST_VALIDATION, LEAST_VALIDATION - 1):
        training, validation = (
            part_of(many, np.arange(30)),
            part_of(many, 30 + np.arange(validated)),
        )
        found = fine_tune(tiny_probe, training, validation, classes=CLASSES, settings=settings)
        rates.append((found.choice.by, found.choice.learning_rate))

    assert rates == [(ChosenBy.VALIDATION, 1e-3), (ChosenBy.CROSS_VALIDATION, 3e-4)]


@pytest.mark.parametrize(
    ("rate", "chosen"), [(0.03, Recipe.ALL_LAYERS), (0.99, Recipe.LINEAR_PROBE)]
)
def test_the_better_recipe_is_made_of_all_images(tiny_probe, data, rate, chosen):
    settings = replace(FEW, epochs=8, learning_rate=rate)
    training, validation = part_of(data, np.arange(27)), part_of(data, np.arange(27, 36))
    found = fine_tune(tiny_probe, training, validation, classes=CLASSES, settings=settings)
    choice = found.choice
    assert choice.chosen is found.recipe is chosen
    assert (choice.by, choice.images) == (ChosenBy.CROSS_VALIDATION, 36)
    assert found.training_images == 36
    better = choice.all_layers.loss < choice.linear_probe.loss
    assert better == (choice.chosen is Recipe.ALL_LAYERS)
    both = joined(training, validation)
    features = tiny_probe.features(both.images)
    head = fitted_classifier(
        features, both.labels, classes=CLASSES, device=tiny_probe.device
    ).requires_grad_(False)
    expected = head(features)
    if better:
        run = Training(tiny_probe, both, classifier=head, settings=settings, rate=rate)
        for _ in range(8):
            run.run_epoch(unheard)
        expected = classify(run.backbone, run.classifier, tiny_probe, both.images)
    assert (found.epochs, found.best_epoch) == ((8, 8) if better else (0, 0))
    logits = classify(found.backbone, found.classifier, tiny_probe, both.images)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4)
    # What calibrates it are the answers of the kind that was chosen.
    scores = choice.all_layers if better else choice.linear_probe
    assert found.held_out.score == scores
    assert found.backbone is not tiny_probe.backbone


def test_one_image_a_class_is_a_linear_probe(tiny_probe, data):
    few = part_of(data, np.arange(CLASSES))
    found = fine_tune(tiny_probe, few, NOTHING, classes=CLASSES, settings=FEW)
    assert (found.choice.chosen, found.choice.by) == (Recipe.LINEAR_PROBE, ChosenBy.NONE)
    assert found.choice.linear_probe is found.choice.all_layers is found.held_out is None
    assert found.best_epoch == 0
