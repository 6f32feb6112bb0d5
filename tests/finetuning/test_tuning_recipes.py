"""Each recipe on stripes in noise: what it trains, what it leaves as it was, what it says."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from staged import Skipping, probe_of, staged_probe
from stripes import CLASSES, QUICK, stripes
from torchvision.models import mobilenet_v2

from task2vec.errors import WeightsError
from task2vec.finetuning import resume
from task2vec.finetuning.classify import classify, fitted_classifier, unheard
from task2vec.finetuning.foreseen_work import LEAST_VALIDATION, VIEWS, WORK, passes
from task2vec.finetuning.last_stage import split, split_network
from task2vec.finetuning.recipe import METHODS, fine_tune
from task2vec.finetuning.resume import Unfinished, place
from task2vec.finetuning.settings import FineTuningSettings, HeadStart
from task2vec.finetuning.splits import joined, part_of
from task2vec.finetuning.stage_training import StageTraining, TrunkViews
from task2vec.finetuning.training import Training, jitter
from task2vec.types import Recipe

FIXED = [recipe for recipe in Recipe if recipe is not Recipe.AUTO]
TRAINED = [Recipe.LAST_STAGE, Recipe.ALL_LAYERS]
EPOCHS = 4


@pytest.fixture(scope="module")
def start():
    return staged_probe()


@pytest.fixture(scope="module")
def data(start):
    return stripes(start, 72, 0)


def parts(data, validated):
    return part_of(data, np.arange(36)), part_of(data, 36 + np.arange(validated))


def settings_of(recipe, **changed):
    return replace(QUICK, **{"recipe": recipe, "epochs": EPOCHS, "batch_size": 18} | changed)


def tune(start, data, recipe, *, validated=36, **changed):
    options = {name: changed.pop(name) for name in ("say", "tick", "unfinished") if name in changed}
    training, validation = parts(data, validated)
    settings = settings_of(recipe, **changed)
    return fine_tune(start, training, validation, classes=CLASSES, settings=settings, **options)


def test_every_recipe_can_be_carried_out():
    assert set(METHODS) == set(WORK) == set(Recipe)


@pytest.mark.parametrize("validated", [36, 6])
@pytest.mark.parametrize("recipe", FIXED)
def test_what_a_recipe_trains_changes_and_nothing_else(start, data, recipe, validated):
    before = deepcopy(start.backbone.state_dict())
    found = tune(start, data, recipe, validated=validated)

    assert (found.recipe, found.choice) == (recipe, None)
    changed = {
        name.partition(".")[0]
        for name, value in found.backbone.state_dict().items()
        if not torch.equal(value, before[name])
    }
    expected = {
        Recipe.LINEAR_PROBE: set(),
        Recipe.LAST_STAGE: {"layer2"},
        Recipe.ALL_LAYERS: {"conv1", "layer1", "layer2"},
    }
    assert changed == expected[recipe]
    assert all(torch.equal(start.backbone.state_dict()[name], before[name]) for name in before)
    assert not any(each.requires_grad for each in found.backbone.parameters())
    _, validation = parts(data, validated)
    assert found.training_images == (36 if validated >= LEAST_VALIDATION else 42)
    assert len(found.held_out.labels) == (validated if validated >= LEAST_VALIDATION else 42)
    if validated >= LEAST_VALIDATION:
        # What it says of images held out is what the whole network says of them.
        logits = classify(found.backbone, found.classifier, start, validation.images)
        torch.testing.assert_close(found.held_out.logits, logits, rtol=1e-4, atol=1e-5)


def test_a_fixed_recipe_of_all_layers_is_what_auto_trains(start, data, monkeypatch):
    monkeypatch.setattr("task2vec.finetuning.auto_recipe.prefers_training", lambda *_, **__: True)
    fixed, chosen = (tune(start, data, each) for each in (Recipe.ALL_LAYERS, Recipe.AUTO))
    assert chosen.recipe is Recipe.ALL_LAYERS
    assert fixed.curve == chosen.curve
    for name, value in chosen.backbone.state_dict().items():
        assert torch.equal(fixed.backbone.state_dict()[name], value)


@pytest.mark.parametrize("recipe", [*TRAINED, Recipe.AUTO])
def test_the_curve_has_a_point_for_each_epoch_the_best_one_with_the_least_loss(start, data, recipe):
    found = tune(start, data, recipe)
    assert [point.steps for point in found.curve] == [2, 4, 6, 8][: found.epochs]
    losses = [point.loss for point in found.curve]
    if found.best_epoch:
        assert found.best_epoch == 1 + int(np.argmin(losses))
        assert found.held_out.score.accuracy == found.curve[found.best_epoch - 1].accuracy


def test_with_few_images_there_is_no_curve_and_a_probe_has_none(start, data):
    assert tune(start, data, Recipe.LAST_STAGE, validated=6).curve == ()
    assert tune(start, data, Recipe.LINEAR_PROBE).curve == ()


@pytest.mark.parametrize("validated", [36, 6])
@pytest.mark.parametrize("recipe", FIXED)
def test_every_pass_of_an_image_is_told(start, data, recipe, validated):
    told, said = [], []
    tune(
        start,
        data,
        recipe,
        validated=validated,
        patience=EPOCHS,
        tick=told.append,
        say=lambda words, images: said.append((words, images)),
    )
    training, validation = parts(data, validated)
    settings = settings_of(recipe, patience=EPOCHS)
    most = passes(training.labels, validation=validation.labels, test=0, settings=settings)
    assert sum(told) <= most
    if recipe is not Recipe.LINEAR_PROBE:
        assert sum(told) == most == sum(images for _, images in said)


@pytest.mark.parametrize("validated", [36, 6])
@pytest.mark.parametrize("recipe", TRAINED)
def test_an_interrupted_run_goes_on_and_ends_alike(
    start, data, recipe, validated, tmp_path, monkeypatch
):
    monkeypatch.setattr(resume, "EVERY", 0.0)
    path = place(tmp_path, "expert")
    told = []
    whole = tune(start, data, recipe, validated=validated, tick=told.append)

    class Interrupt(BaseException):
        pass

    def stop(images):
        told.append(images)
        if sum(told) >= 0.9 * every:
            raise Interrupt

    every = sum(told)
    told.clear()
    with pytest.raises(Interrupt):
        tune(
            start, data, recipe, validated=validated, tick=stop, unfinished=Unfinished(path, "key")
        )
    told.clear()
    state = Unfinished(path, "key")
    again = tune(start, data, recipe, validated=validated, tick=told.append, unfinished=state)

    assert state.gone_on is not None
    assert sum(told) < every
    assert (again.epochs, again.best_epoch) == (whole.epochs, whole.best_epoch)
    assert again.curve == whole.curve
    torch.testing.assert_close(again.held_out.logits, whole.held_out.logits)
    for name, value in whole.backbone.state_dict().items():
        torch.testing.assert_close(again.backbone.state_dict()[name], value)


def test_one_image_a_class_trains_without_calibration(start, data):
    few = part_of(data, np.arange(CLASSES))
    nothing = part_of(data, np.arange(0))
    settings = settings_of(Recipe.LAST_STAGE, batch_size=2)
    found = fine_tune(start, few, nothing, classes=CLASSES, settings=settings)
    assert (found.epochs, found.held_out) == (EPOCHS, None)


def stage_training(start, data, views=None, **changed):
    settings = settings_of(Recipe.LAST_STAGE, **changed)
    head = fitted_classifier(
        start.features(data.images), data.labels, classes=CLASSES, device=start.device
    )
    return StageTraining(start, data, classifier=head, settings=settings, rate=0.03, views=views)


def weights(run):
    return torch.cat([each.detach().flatten() for each in run.network.parameters()])


@pytest.mark.parametrize("head_start", HeadStart)
def test_cached_views_train_as_the_whole_network_would_with_its_trunk_frozen(
    start, data, head_start
):
    """The slow oracle: all layers run on each image anew, and the last stage alone learns."""
    changed = {"head_start": head_start}
    run = stage_training(start, data, **changed)
    generator = torch.Generator().manual_seed(QUICK.seed)
    # The views in their order, in the batches in which they are drawn.
    views = [
        torch.cat(
            [
                jitter(start.to_input(data.images[first : first + 32]), generator)
                for first in range(0, len(data.images), 32)
            ]
        )
        for _ in range(VIEWS)
    ]

    class Whole(Training):
        def trained_part(self):
            return self.backbone

        def inputs(self, chosen):
            self.backbone.conv1.requires_grad_(False)
            self.backbone.layer1.requires_grad_(False)
            return views[self.epoch % VIEWS][chosen]

    settings = settings_of(Recipe.LAST_STAGE, **changed)
    slow = Whole(start, data, classifier=run.classifier, settings=settings, rate=0.03)
    for _ in range(EPOCHS):
        run.run_epoch(unheard)
        slow.run_epoch(unheard)
    for name, value in slow.backbone.state_dict().items():
        torch.testing.assert_close(run.backbone.state_dict()[name], value, rtol=1e-3, atol=1e-5)


def test_views_are_fewer_where_memory_is_short_and_none_where_one_does_not_fit(start, data):
    settings = settings_of(Recipe.LAST_STAGE)
    # The trunk gives 8 channels of 8 x 8 in single precision.
    each = len(data.images) * 8 * 8 * 8 * 4
    counts = [
        TrunkViews(start, data.images, settings, most=most).count
        for most in (5 * each, 5 * each - 1, 5 * each // 2, each)
    ]
    assert counts == [4, 3, 2, 0]
    still = TrunkViews(start, data.images, replace(settings, augmentation=0.0))
    assert still.count == 1


@pytest.mark.parametrize("augmentation", [0.0, 1.0])
def test_what_is_not_kept_is_looked_at_anew(start, data, augmentation):
    settings = settings_of(Recipe.LAST_STAGE, augmentation=augmentation)
    told = []
    kept = TrunkViews(start, data.images, settings)
    anew = TrunkViews(start, data.images, settings, tick=told.append, most=1)
    chosen = np.array([5, 0, 71])
    torch.testing.assert_close(
        torch.cat(list(anew.plain(chosen))), torch.cat(list(kept.plain(chosen)))
    )
    assert anew.looks(train=True, judge=True) == sum(told) == 0
    generator = torch.Generator().manual_seed(1)
    first, second = (anew.jittered(chosen, epoch=0, generator=generator) for _ in range(2))
    assert torch.equal(first, second) == (augmentation == 0)
    # And it trains.
    run = stage_training(start, data, anew, augmentation=augmentation)
    before = weights(run)
    run.run_epoch(unheard)
    assert not torch.equal(weights(run), before)


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(lambda: timm.create_model("tf_efficientnet_lite0", num_classes=0), id="lite0"),
        pytest.param(lambda: timm.create_model("tf_efficientnet_lite1", num_classes=0), id="lite1"),
        pytest.param(lambda: timm.create_model("mobilenetv2_100", num_classes=0), id="mobilenetv2"),
        pytest.param(lambda: timm.create_model("resnet18", num_classes=0), id="resnet18"),
        pytest.param(lambda: timm.create_model("regnetx_002", num_classes=0), id="regnet"),
        pytest.param(lambda: timm.create_model("test_convnext", num_classes=0), id="convnext"),
        pytest.param(lambda: mobilenet_v2(weights=None), id="torchvision"),
    ],
)
def test_trunk_and_last_stage_make_the_features(network):
    backbone = network().eval()
    if hasattr(backbone, "features"):
        backbone.classifier = torch.nn.Identity()
    trunk, stage = split(backbone)
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(stage(trunk(images)), backbone(images))
    share = sum(p.numel() for p in stage.parameters()) / sum(
        p.numel() for p in backbone.parameters()
    )
    assert 0.2 < share < 0.95


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(
            lambda: timm.create_model("test_vit", num_classes=0, img_size=16, patch_size=8),
            id="vit",
        ),
        pytest.param(Skipping, id="skipping"),
        pytest.param(lambda: torch.nn.Sequential(torch.nn.Flatten()), id="flat"),
    ],
)
def test_a_network_without_stages_in_a_row_is_refused(network):
    backbone = network()
    if not any(True for _ in backbone.parameters()):
        backbone.append(torch.nn.Linear(768, 4))
    probe = probe_of(backbone)
    with pytest.raises(WeightsError, match=r"no last stage.*all-layers"):
        split_network(probe)


def test_the_last_stage_has_a_rate_of_its_own():
    settings = FineTuningSettings()
    rates = [settings.peak(each, few=few) for each in TRAINED for few in (True, False)]
    assert rates == [1e-3, 1e-3, 3e-4, 1e-3]
    assert replace(settings, learning_rate=0.5).peak(Recipe.LAST_STAGE, few=True) == 0.5


def test_few_validation_images_train_too(start, data):
    training, validation = parts(data, 6)
    found = tune(start, data, Recipe.LINEAR_PROBE, validated=6)
    both = joined(training, validation)
    head = fitted_classifier(
        start.features(both.images), both.labels, classes=CLASSES, device=start.device
    )
    torch.testing.assert_close(found.classifier.weight, head.weight, rtol=1e-4, atol=1e-5)
