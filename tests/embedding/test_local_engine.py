import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.open import open_source
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.engine import LocalEngine, best_device
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import UnknownNameError


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A small network of timm's with random weights, by the file that holds them."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), path)
    return f"file:{path}?arch=test_resnet&input_size=32"


@pytest.fixture
def engine():
    return LocalEngine("cpu")


def test_a_probe_is_loaded_once(engine, reference):
    first = engine.probe(reference)
    assert engine.probe(reference) is first
    assert first.device == engine.device
    # Another size is another probe.
    other = engine.probe(reference.replace("=32", "=40"))
    assert other is not first
    assert other.fingerprint != first.fingerprint


def test_engines_share_nothing(engine, reference):
    assert LocalEngine("cpu").probe(reference) is not engine.probe(reference)


def test_an_unknown_probe_is_not_remembered(engine):
    for _ in range(2):
        with pytest.raises(UnknownNameError):
            engine.probe("nonsense")


def test_embeds_as_the_embedder_does(engine, reference):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 40, 40, 3), dtype=np.uint8)
    images[6:, :, :20] //= 3
    task = task_from_arrays(images, [0] * 6 + [1] * 6, name="halves")
    settings = EmbeddingSettings(seed=2, batch_size=5)
    stages = set()
    found = engine.embed(
        task, probe=reference, settings=settings, progress=lambda stage, *_: stages.add(stage)
    )
    expected = Embedder(engine.probe(reference), settings).embed(task)
    assert np.array_equal(found.embedding.values, expected.embedding.values)
    assert found.embedding.provenance == expected.embedding.provenance
    assert stages == {"reading", "features", "fisher", "noise"}


def test_the_best_device_is_the_one_at_hand():
    assert LocalEngine().device.type == best_device()
    assert best_device() == ("cuda" if torch.cuda.is_available() else "cpu")


def told_stages(engine, source, reference, **settings):
    """Embed a folder; return the stages that its progress named, and the embedding."""
    stages = set()
    found = engine.embed(
        open_source(source, name=settings.pop("name", None)),
        probe=reference,
        settings=EmbeddingSettings(**settings),
        progress=lambda stage, *_: stages.add(stage),
    )
    return stages, found


def test_what_was_embedded_last_is_not_embedded_again(engine, reference, tmp_path):
    rng = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(3):
            pixels = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{number}.png")
    stages, first = told_stages(engine, tmp_path, reference)
    assert "fisher" in stages
    # Its name does not matter, and nothing is read.
    assert told_stages(engine, tmp_path, reference, name="other") == (set(), first)
    # Other settings, another probe or other files do.
    _, seeded = told_stages(engine, tmp_path, reference, seed=1)
    assert seeded.embedding.provenance.seed == 1
    stages, again = told_stages(engine, tmp_path, reference)
    assert "fisher" in stages
    assert np.array_equal(again.embedding.values, first.embedding.values)
    stages, other = told_stages(engine, tmp_path, reference.replace("=32", "=40"))
    assert "fisher" in stages
    assert other.embedding.space != first.embedding.space
    told_stages(engine, tmp_path, reference)
    Image.new("RGB", (40, 40)).save(tmp_path / "a" / "0.png")
    stages, changed = told_stages(engine, tmp_path, reference)
    assert "fisher" in stages
    assert changed.embedding.provenance.content_hash != first.embedding.provenance.content_hash
    # Nor is it kept where memory is short.
    engine.free_memory()
    stages, _ = told_stages(engine, tmp_path, reference)
    assert "fisher" in stages
