"""An exported expert, run by another runtime, and used by what its file states alone."""

import json

import numpy as np
import pytest
from PIL import Image
from small_expert import expert_file
from small_store import cut, snapshot

from task2vec.data.formats.images import find_images
from task2vec.embedding.engine import LocalEngine
from task2vec.errors import InputError, MissingExtraError, WeightsError
from task2vec.finetuning.card import read_classifier_card
from task2vec.finetuning.onnx import export_onnx
from task2vec.finetuning.predict import load_classifier, predictions

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return cut("fashion_tops", tmp_path_factory.mktemp("source") / "fashion_tops")


@pytest.fixture(scope="module")
def classifier(source, tmp_path_factory):
    file = expert_file(tmp_path_factory.mktemp("expert"), source, temperature=0.4)
    card = read_classifier_card(file, name="tops")
    return load_classifier(LocalEngine("cpu").probe(f"file:{file}"), file, card)


@pytest.fixture(scope="module")
def exported(classifier, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "tops.onnx"
    export_onnx(classifier, path)
    return path


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def prepared(path, stated):
    """Prepare an image by the file's metadata and nothing else."""
    filters = {"bicubic": Image.BICUBIC, "bilinear": Image.BILINEAR}
    size = (stated["size"], stated["size"])
    image = Image.open(path).convert("RGB").resize(size, filters[stated["interpolation"]])
    pixels = (np.asarray(image) / 255 - stated["mean"]) / stated["std"]
    return pixels.transpose(2, 0, 1).astype(np.float32)


def test_the_runtime_gives_the_same_for_any_number_of_images(classifier, exported, source):
    run = session(exported)
    stated = {k: json.loads(v) for k, v in run.get_modelmeta().custom_metadata_map.items()}
    found = list(predictions(classifier, find_images([source]).read()))
    batch = np.stack([prepared(each.path, stated) for each in found])
    for size in (1, 2, 7, len(found)):
        parts = [
            run.run(["probabilities"], {"images": batch[first : first + size]})[0]
            for first in range(0, len(found), size)
        ]
        got = np.concatenate(parts)
        expected = [list(each.probabilities.values()) for each in found]
        np.testing.assert_allclose(got, expected, atol=1e-4)
        assert [stated["classes"][i] for i in got.argmax(axis=1)] == [e.label for e in found]
    # Not all the same: the comparison can fail.
    assert np.std(got, axis=0).max() > 0.05


def test_the_file_says_how_to_use_it(classifier, exported, source):
    run = session(exported)
    (given,), (out,) = run.get_inputs(), run.get_outputs()
    assert (given.name, given.type, given.shape[1:]) == ("images", "tensor(float)", [3, 32, 32])
    assert (out.name, out.type, out.shape[1:]) == ("probabilities", "tensor(float)", [4])
    assert isinstance(given.shape[0], str)
    stated = {k: json.loads(v) for k, v in run.get_modelmeta().custom_metadata_map.items()}
    steps = classifier.probe.card.preprocessing
    assert stated == {
        "model": "tops",
        "task": "fashion_tops",
        "licence": "unknown",
        "classes": sorted(path.name for path in source.iterdir()),
        "size": 32,
        "mean": list(steps.mean),
        "std": list(steps.std),
        "interpolation": steps.interpolation,
        "temperature": 0.4,
        "calibration_images": 40,
    }
    assert [path.name for path in exported.parent.iterdir()] == ["tops.onnx"]


def test_exporting_leaves_the_classifier_as_it_was(classifier, exported, tmp_path):
    assert not classifier.probe.backbone.training
    before = {k: v.clone() for k, v in classifier.probe.backbone.state_dict().items()}
    assert before
    export_onnx(classifier, tmp_path / "again.onnx")
    after = classifier.probe.backbone.state_dict()
    assert all((after[name] == value).all() for name, value in before.items())


def test_a_failure_leaves_what_was_there(classifier, tmp_path, monkeypatch):
    import onnx

    (tmp_path / "a.onnx").write_bytes(b"an older file")
    before = snapshot(tmp_path)
    with monkeypatch.context() as patched:

        def full(*_):
            raise OSError(28, "No space left on device")

        patched.setattr(onnx.checker, "check_model", full)
        with pytest.raises(InputError, match="No space left"):
            export_onnx(classifier, tmp_path / "a.onnx")
    assert snapshot(tmp_path) == before
    with pytest.raises(InputError, match="cannot be written"):
        export_onnx(classifier, tmp_path / "nosuch" / "a.onnx")
    with pytest.raises(InputError, match=r"ending in \.onnx"):
        export_onnx(classifier, tmp_path / "a.bin")
    assert snapshot(tmp_path) == before


def test_an_architecture_that_torch_cannot_write_is_told(classifier, tmp_path, monkeypatch):
    def by_its_pixels(images):
        if images.sum() > 0:
            return images.mean(dim=(2, 3))
        raise NotImplementedError("dark images")

    monkeypatch.setattr(classifier.probe.backbone, "forward", by_its_pixels)
    with pytest.raises(WeightsError, match="test_resnet cannot be written as ONNX"):
        export_onnx(classifier, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["onnx", "onnxscript"])
def test_a_missing_extra_names_what_to_install(classifier, tmp_path, monkeypatch, missing):
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(MissingExtraError, match=rf"{missing}.*pip install 'task2vec\[onnx\]'"):
        export_onnx(classifier, tmp_path / "a.onnx")
