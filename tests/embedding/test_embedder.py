"""From a folder of images to an embedding, against the same path walked slowly."""

import copy
import shutil
from importlib.metadata import version

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from factories import replace
from oracles import fisher_by_definition
from PIL import Image
from scipy.optimize import minimize
from scipy.special import log_softmax
from torch import nn

from task2vec.data.open import open_source
from task2vec.embedding import adaptive_sampling, embedder, head_noise
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import SettingError
from task2vec.fisher.estimate import estimate_fisher
from task2vec.probe import solver
from task2vec.probe.probe import Probe
from task2vec.types import CountedLayers, Estimator, Space


@pytest.fixture
def embed(tiny_probe):
    def run(task, progress=None, **settings):
        return Embedder(tiny_probe, EmbeddingSettings(**settings)).embed(task, progress)

    return run


@pytest.fixture(scope="module")
def task(folder):
    return open_source(folder)


COUNTS = {"ash": 14, "elm": 9, "oak": 5}


def slow_inputs(folder):
    """Decode, resize and normalise, as the tiny probe's card says."""
    inputs, labels = [], []
    for label, name in enumerate(COUNTS):
        for path in sorted((folder / name).iterdir()):
            small = Image.open(path).convert("RGB").resize((16, 16), Image.Resampling.BICUBIC)
            scaled = np.asarray(small) / 255
            inputs.append(((scaled - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]).transpose(2, 0, 1))
            labels.append(label)
    return torch.from_numpy(np.stack(inputs)).double(), np.array(labels)


def slow_head(features, labels, penalty):
    """Minimise the head's objective without a gradient of our own."""
    shares = 1 / 3 / np.bincount(labels)[labels]
    F64 = torch.from_numpy(features)

    def objective(flat):
        parameters = torch.from_numpy(flat).requires_grad_()
        W, b = parameters[:-3].reshape(3, -1), parameters[-3:]
        losses = F.cross_entropy(F.linear(F64, W, b), torch.from_numpy(labels), reduction="none")
        loss = (torch.from_numpy(shares) * losses).sum() + penalty / 2 * W.square().sum()
        (gradient,) = torch.autograd.grad(loss, parameters)
        return loss.item(), gradient.numpy()

    start = np.zeros(3 * features.shape[1] + 3)
    best = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-8}).x
    return best[:-3].reshape(3, -1), best[-3:], shares


def test_exact_embedding_is_what_the_definitions_give(tiny_probe, folder, task, embed):
    result = embed(task, estimator=Estimator.EXACT, head_penalty=0.05)
    found = result.embedding
    inputs, labels = slow_inputs(folder)
    network = copy.deepcopy(tiny_probe.backbone).double()
    features = network(inputs).numpy()
    W, b, shares = slow_head(features, labels, 0.05)
    per_image = fisher_by_definition(
        network, lambda x: F.linear(x, torch.from_numpy(W), torch.from_numpy(b)), inputs
    ).numpy()
    expected = shares @ per_image
    np.testing.assert_allclose(found.values, expected, rtol=1e-3, atol=1e-7 * expected.max())
    variance = 28 / 27 * shares**2 @ (per_image - expected) ** 2
    np.testing.assert_allclose(found.errors**2, variance, rtol=5e-3, atol=1e-7 * variance.max())
    # The groups' own estimates, relative to the whole; images are dealt out in the sample's order.
    names = [f"{name}/{i:02}.png" for name, n in COUNTS.items() for i in range(n)]
    order = [names.index(key) for key in result.sample.keys]
    assert found.replicates.shape == (8, 26)
    for number, replicate in enumerate(found.replicates):
        own = order[number::8]
        estimate = np.average(per_image[own], axis=0, weights=shares[own])
        np.testing.assert_allclose(replicate * expected, estimate, rtol=5e-3, atol=1e-9)
    log_p = log_softmax(features @ W.T + b, axis=1)
    assert found.provenance.head.loss == pytest.approx(
        -shares @ log_p[np.arange(28), labels], rel=1e-4
    )


def test_provenance_is_complete(tiny_probe, task, embed):
    provenance = embed(task, seed=3, draws=2, head_penalty=0.02, prior_precision=1e-5).embedding
    provenance = provenance.provenance
    assert provenance.space == Space(
        probe=tiny_probe.fingerprint, estimator="fisher", head_penalty=0.02, prior_precision=1e-5
    )
    assert provenance.probe_name == "tiny"
    assert (provenance.estimator, provenance.draws, provenance.seed) == ("principal", 2, 3)
    assert (provenance.images, provenance.classes) == (28, 3)
    assert provenance.class_names == ("ash", "elm", "oak")
    assert len(provenance.content_hash) == 64
    assert provenance.head.converged
    assert 0.3 < provenance.head.training_accuracy <= 1
    assert 0 < provenance.standard_error < 0.5
    assert provenance.versions == {
        name: version(name)
        for name in ("task2vec", "torch", "timm", "numpy", "scikit-learn", "pillow")
    }


def test_the_exact_estimator_draws_every_class(task, embed):
    provenance = embed(task, estimator=Estimator.EXACT, draws=7).embedding.provenance
    assert (provenance.estimator, provenance.draws) == ("exact", 3)


@pytest.mark.parametrize("estimator", Estimator)
def test_is_deterministic(task, embed, estimator):
    first, second = (embed(task, estimator=estimator).embedding for _ in range(2))
    for name in ("values", "errors", "replicates"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert first.provenance == second.provenance


def test_seeds_choose_signs_and_images(task, embed):
    first, second = (embed(task, seed=seed).embedding for seed in (0, 1))
    assert not np.allclose(first.values, second.values, rtol=1e-3)
    assert first.provenance.content_hash == second.provenance.content_hash
    few = [embed(task, seed=seed, images=9).embedding.provenance for seed in (0, 1)]
    assert few[0].content_hash != few[1].content_hash


def test_the_seed_decides_the_signs_alone_where_all_images_are_in_order(striped, embed):
    first, second = (embed(striped(1, 1, 1, 1, 1), seed=seed) for seed in (0, 1))
    assert first.sample.keys == second.sample.keys
    assert not np.allclose(first.embedding.values, second.embedding.values, rtol=1e-2)


def test_a_zip_of_a_folder_and_a_renamed_copy_give_the_same_embedding(
    folder, task, embed, tmp_path
):
    zipped = shutil.make_archive(tmp_path / "zipped", "zip", folder.parent, folder.name)
    renamed = tmp_path / "renamed"
    for name in COUNTS:
        (renamed / name).mkdir(parents=True)
        for number, path in enumerate(sorted((folder / name).iterdir(), reverse=True)):
            shutil.copy(path, renamed / name / f"image {number}.png")
    for images, copies in ((28, (zipped, renamed)), (15, (zipped,))):
        first = embed(task, images=images).embedding
        for copy_of_it in copies:
            second = embed(open_source(copy_of_it), images=images).embedding
            assert second.provenance.content_hash == first.provenance.content_hash
            np.testing.assert_array_equal(second.values, first.values)
            np.testing.assert_array_equal(second.replicates, first.replicates)
            assert second.provenance.standard_error == first.provenance.standard_error


def test_classes_are_drawn_evenly(task, embed):
    sample = embed(task, images=15).sample
    assert np.bincount(sample.labels).tolist() == [5, 5, 5]
    more = embed(task, images=21).sample
    assert np.bincount(more.labels).tolist() == [8, 8, 5]


def test_a_class_counts_for_what_it_is_and_not_for_its_size(striped, embed):
    # Twice the images of one class, all of them copies: nothing new is known of the task.
    exact = {"estimator": Estimator.EXACT}
    once = striped(8, 8)
    entries = [entry for entry in once.entries if entry.label == 0]
    doubled = replace(
        once,
        entries=(*once.entries, *(replace(entry, key=f"copy/{entry.key}") for entry in entries)),
        reader=_Copies(once.reader),
    )
    found, expected = embed(doubled, **exact), embed(once, **exact)
    assert np.bincount(found.sample.labels).tolist() == [16, 8]
    np.testing.assert_allclose(
        found.embedding.values, expected.embedding.values, rtol=1e-3, atol=1e-9
    )


class _Copies:
    """Reads ``copy/KEY`` as KEY."""

    def __init__(self, reader):
        self._reader = reader

    def read(self, keys):
        plain = {key for key in keys if not key.startswith("copy/")}
        yield from self._reader.read(plain)
        copies = {key.removeprefix("copy/") for key in keys if key.startswith("copy/")}
        for key, raw in self._reader.read(copies):
            yield f"copy/{key}", raw


def test_tells_its_progress(task, embed):
    told = []
    embed(task, lambda *step: told.append(step), images=20, batch_size=8)
    assert [step for step in told if step[0] == "features"] == [
        ("features", 8, 20),
        ("features", 16, 20),
        ("features", 20, 20),
    ]
    assert [step[1:] for step in told if step[0] == "fisher"] == [(8, 20), (16, 20), (20, 20)]
    assert told[0][0] == "reading"
    assert told[-1] == ("noise", 40, 40)
    stages = [stage for stage, *_ in told]
    assert sorted(set(stages), key=stages.index) == ["reading", "features", "fisher", "noise"]
    noise = [done for stage, done, _ in told if stage == "noise"]
    assert noise == sorted(set(noise))


def test_warns_of_few_images(task, embed):
    (warning,) = embed(task).warnings
    assert warning.startswith("only 28 images of 3 classes")


def test_has_nothing_to_warn_of(striped, embed):
    assert embed(striped(15, 15)).warnings == ()


def test_warns_of_a_head_that_did_not_converge(striped, embed, monkeypatch):
    monkeypatch.setattr(solver, "_ITERATIONS", 2)
    result = embed(striped(15, 15))
    (warning,) = result.warnings
    assert warning.startswith("the head did not converge (gradient ")
    assert "after 2 iterations" in warning
    assert not result.embedding.provenance.head.converged


class AppliedTwice(nn.Module):
    """A network with a layer in front whose weight is used twice."""

    def __init__(self, network):
        super().__init__()
        self.mixing, self.network = nn.Conv2d(3, 3, 1), network

    def forward(self, images):
        return self.network(self.mixing(self.mixing(images)))


def test_says_which_layers_took_the_slow_path(striped, tiny_probe):
    probe = Probe(tiny_probe.card, AppliedTwice(tiny_probe.backbone))
    found = Embedder(probe).embed(striped(60, 60))
    assert found.warnings == (
        "the images went through the probe one at a time, since no fast way is known for "
        "1 layer: mixing",
    )


def test_passes_on_what_was_found_in_reading(folder, tmp_path, embed):
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "ash" / "00.png").write_bytes(b"no image")
    result = embed(open_source(tmp_path / "copy"))
    assert any("1 of 28 images could not be read" in warning for warning in result.warnings)
    assert result.embedding.provenance.images == 27


def test_the_smallest_task(striped, embed):
    embedding = embed(striped(1, 1)).embedding
    assert embedding.provenance.images == 2
    assert np.isfinite(embedding.values).all()
    assert np.isfinite(embedding.provenance.standard_error)


@pytest.mark.parametrize("layer", [0, 5])
def test_a_probe_with_broken_weights_is_refused(tiny_probe, task, layer):
    network = copy.deepcopy(tiny_probe.backbone)
    network[layer].weight.data[0] = torch.nan
    with pytest.raises(SettingError, match="not finite"):
        Embedder(Probe(tiny_probe.card, network)).embed(task)


def test_equal_settings_make_one_space(tiny_probe):
    spaces = [
        Embedder(tiny_probe, EmbeddingSettings(**settings)).space
        for settings in ({}, {"seed": 5, "draws": 3, "images": 7, "estimator": Estimator.EXACT})
    ]
    assert spaces[0] == spaces[1]
    assert Embedder(tiny_probe).space == spaces[0]


@pytest.mark.parametrize("wanted", [None, 0.2])
def test_only_the_filters_that_the_card_counts(monkeypatch, tiny_probe, task, wanted):
    counted = []

    def note(*arguments, **options):
        counted.append(options["counted"])
        return estimate_fisher(*arguments, **options)

    for module in (embedder, head_noise, adaptive_sampling):
        monkeypatch.setattr(module, "estimate_fisher", note)
    card = tiny_probe.card.counting("depthwise")
    probe = Probe(card, copy.deepcopy(tiny_probe.backbone))
    settings = EmbeddingSettings(standard_error=wanted)
    found = Embedder(probe, settings).embed(task).embedding
    assert len(counted) >= 3
    assert set(counted) == {CountedLayers.DEPTHWISE}
    every = Embedder(tiny_probe, settings).embed(task).embedding
    if wanted is None:
        np.testing.assert_allclose(found.values, every.values[8:16], rtol=1e-5)
    assert found.values.shape == (8,)
    assert found.space != every.space
