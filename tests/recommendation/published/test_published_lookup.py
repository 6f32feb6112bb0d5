"""A starting model finds its published figures, and only where they are its own."""

import pytest
from factories import make_model

from task2vec.messages.models import Model
from task2vec.probe.registry import DEFAULT_PROBE, known_cards
from task2vec.recommendation.published.models import (
    DEFAULT,
    SHIPPED,
    published_model,
    published_models,
)
from task2vec.service.packaged_models import packaged_models


def record(ref: str, *, task: str | None = None) -> Model:
    return make_model("mine", ref=ref, task=task)


COMMIT = "0123456789" * 4


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("timm:resnet50.tv_in1k", "resnet50.tv_in1k"),
        (f"timm:resnet50.tv_in1k@{COMMIT}", "resnet50.tv_in1k"),
        ("timm:resnet50.tv_in1k?input_size=128", "resnet50.tv_in1k"),
        (f"hf-hub:timm/resnet50.tv_in1k@{COMMIT}", "resnet50.tv_in1k"),
        ("timm:resnet50", "resnet50.a1_in1k"),
        ("probe:efficientnet_lite1", "tf_efficientnet_lite1.in1k"),
        ("efficientnet_lite2", "tf_efficientnet_lite2.in1k"),
        ("efficientnet_lite0?input_size=224", "tf_efficientnet_lite0.in1k"),
        ("resnet34", "resnet34.tv_in1k"),
    ],
)
def test_found(ref: str, name: str) -> None:
    assert published_model(record(ref)) is published_models()[name]


@pytest.mark.parametrize(
    "ref",
    [
        "timm:resnet50.nobody",
        "timm:resnet5",
        "timm:",
        "hf-hub:somebody/resnet50.tv_in1k",
        "file:/weights/resnet50.safetensors?arch=resnet50.tv_in1k",
        "file:resnet50.tv_in1k",
        "resnet50.tv_in1k",
        "",
    ],
)
def test_not_known(ref: str) -> None:
    assert published_model(record(ref)) is None


def test_an_expert_has_not_the_figures_of_what_it_came_from() -> None:
    assert published_model(record("timm:resnet50.tv_in1k")) is not None
    assert published_model(record("timm:resnet50.tv_in1k", task="tsk-a")) is None


def test_every_shipped_probe_has_figures_of_its_weights() -> None:
    cards = {card.name: card for card in known_cards()}
    assert set(SHIPPED) == set(cards)
    for name, timm in SHIPPED.items():
        card, model = cards[name], published_models()[timm]
        assert model.architecture == card.architecture
        assert card.packaged or card.weights == f"timm:{timm}"
        assert model.parameters == pytest.approx(card.parameters, abs=5_001)


def test_the_packaged_models_are_found() -> None:
    found = {model.name: published_model(model) for model in packaged_models()}
    assert {name: model and model.name for name, model in found.items()} == {
        "efficientnet_lite0": "tf_efficientnet_lite0.in1k",
        "efficientnet_lite1": "tf_efficientnet_lite1.in1k",
        "efficientnet_lite2": "tf_efficientnet_lite2.in1k",
    }
    assert SHIPPED[DEFAULT_PROBE] == DEFAULT
