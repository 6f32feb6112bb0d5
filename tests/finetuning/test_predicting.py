"""A stream of predictions against one image at a time, from the definitions."""

from io import BytesIO
from itertools import count
from math import exp

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from small_expert import expert_file
from small_store import cut

from task2vec.data.formats.images import find_images
from task2vec.data.pixels.reader import UnreadableImageError
from task2vec.embedding.engine import LocalEngine
from task2vec.errors import WeightsError
from task2vec.finetuning.card import read_classifier_card
from task2vec.finetuning.predict import load_classifier, predictions

TEMPERATURE = 1.7


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return cut("emoji_food", tmp_path_factory.mktemp("source") / "emoji_food")


@pytest.fixture(scope="module")
def file(source, tmp_path_factory):
    return expert_file(tmp_path_factory.mktemp("expert"), source, temperature=TEMPERATURE)


def load(file):
    return load_classifier(
        LocalEngine("cpu").probe(f"file:{file}"), file, read_classifier_card(file, name="small")
    )


@pytest.fixture(scope="module")
def classifier(file):
    return load(file)


def by_definition(file, image):
    """Open, resize, normalise and classify one image by timm's own network, and soften by hand."""
    import timm

    network = timm.create_model("test_resnet", num_classes=4).eval()
    network.load_state_dict(load_file(file), strict=True)
    whole = Image.open(image).convert("RGBA")
    on_white = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    small = on_white.resize((32, 32), Image.BILINEAR, reducing_gap=3.0)
    config = network.default_cfg
    pixels = (np.asarray(small) / 255 - np.array(config["mean"])) / np.array(config["std"])
    with torch.inference_mode():
        (logits,) = network(torch.from_numpy(pixels).float().permute(2, 0, 1)[None]).tolist()
    weights = [exp((logit - max(logits)) / TEMPERATURE) for logit in logits]
    return [weight / sum(weights) for weight in weights]


@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_each_image_has_the_prediction_that_it_has_alone(file, classifier, source, batch_size):
    images = find_images([source])
    found = list(predictions(classifier, images.read(), batch_size=batch_size))
    assert [each.path for each in found] == [path for path, _ in images.read()]
    classes = sorted(path.name for path in source.iterdir())
    for each in found:
        expected = by_definition(file, each.path)
        assert list(each.probabilities) == classes
        np.testing.assert_allclose(list(each.probabilities.values()), expected, atol=1e-5)
        assert each.label == classes[int(np.argmax(expected))]
        assert each.probability == each.probabilities[each.label]
        assert each.error is None
    # It learned these very images, and chance is a quarter: the classes are not mixed up.
    right = [each.label == each.path.split("/")[-2] for each in found]
    assert np.mean(right) > 0.4


def test_broken_images_stay_at_their_place(classifier, source):
    good = [(path, raw) for path, raw in find_images([source]).read()][:5]
    mixed = [
        ("empty", b""),
        good[0],
        ("text", b"no image at all"),
        ("cut", good[1][1][: len(good[1][1]) // 2]),
        good[1],
        ("lost", UnreadableImageError("no such file or directory")),
        *good[2:],
    ]
    alone = {each.path: each for each in predictions(classifier, good)}
    for size in (1, 2, 64):
        found = list(predictions(classifier, iter(mixed), batch_size=size))
        assert [each.path for each in found] == [path for path, _ in mixed]
        reasons = {each.path: each.error for each in found if each.error}
        assert set(reasons) == {"empty", "text", "cut", "lost"}
        assert reasons["empty"] == "empty file"
        assert reasons["lost"] == "no such file or directory"
        for each in found:
            if each.error:
                assert each.model_dump() == {
                    **dict.fromkeys(("label", "probability", "probabilities")),
                    "path": each.path,
                    "error": reasons[each.path],
                }
            else:
                assert each.label == alone[each.path].label
                assert each.probability == pytest.approx(alone[each.path].probability, abs=1e-6)


def test_only_broken_images_are_no_batch_at_all(classifier):
    found = list(predictions(classifier, [("a", b""), ("b", b"x")]))
    assert [each.label for each in found] == [None, None]
    assert list(predictions(classifier, [])) == []


def test_an_endless_stream_is_taken_as_it_is_needed(classifier):
    data = BytesIO()
    Image.new("RGB", (40, 30), "red").save(data, "PNG")
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield f"{number}", data.getvalue()

    found = predictions(classifier, endless(), batch_size=4)
    for wanted in range(400):
        assert next(found).path == f"{wanted}"
        # Some batches under way, and what the decoders hold.
        assert len(taken) <= wanted + 64
    found.close()
    before = len(taken)
    assert list(found) == []
    assert len(taken) == before


def test_a_classifier_of_other_classes_is_refused(file, tmp_path):
    state = load_file(file)
    for name, tensor in {"fc.weight": state["fc.weight"][:3], "fc.bias": None}.items():
        changed = {k: v for k, v in state.items() if k != name}
        if tensor is not None:
            changed[name] = tensor.contiguous()
        bad = tmp_path / "bad.safetensors"
        with safe_open(file, "pt") as opened:
            save_file(changed, bad, metadata=opened.metadata())
        with pytest.raises(WeightsError, match="does not fit its classes"):
            load(bad)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(file, tmp_path, value):
    state = load_file(file)
    state["fc.bias"][0] = value
    bad = tmp_path / "bad.safetensors"
    with safe_open(file, "pt") as opened:
        save_file(state, bad, metadata=opened.metadata())
    with pytest.raises(WeightsError, match=r"not all numbers.*in 1 tensors, such as fc\.bias"):
        load(bad)
