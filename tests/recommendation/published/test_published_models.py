"""The packaged figures of models: what is shipped, and that damage is told."""

import csv
from importlib.resources import files

import pytest

from task2vec.errors import InputError
from task2vec.recommendation.published import models
from task2vec.recommendation.published.models import PublishedModel, published_models


def test_a_model_has_the_figures_of_timm() -> None:
    assert published_models()["tf_efficientnet_lite0.in1k"] == PublishedModel(
        name="tf_efficientnet_lite0.in1k",
        default=True,
        input_size=224,
        parameters=4_650_000,
        operations=400_000_000,
        licence="apache-2.0",
        imagenet=0.74846,
        real=0.81957,
        v2=0.6265,
        r=0.36033,
        a=0.03053,
        sketch=0.24392,
    )


def test_what_is_not_published_is_none() -> None:
    torchvision, dino = (
        published_models()[name] for name in ("resnet50.tv_in1k", "resmlp_24_224.fb_dino")
    )
    assert torchvision.a is None
    assert torchvision.imagenet == 0.76156
    assert (dino.input_size, dino.parameters, dino.imagenet, dino.a) == (None, None, None, 0.0048)


def test_every_row_is_read_back_as_it_is_written() -> None:
    text = files(models.__package__).joinpath("models.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len(published_models()) == 1267
    for row in rows:
        model = published_models()[row["model"]]
        shown = [model.imagenet, model.real, model.v2, model.r, model.a, model.sketch]
        assert all(figure is None or 0 < figure < 1 for figure in shown)
        names = ["imagenet", "real", "v2", "r", "a", "sketch"]
        assert [row[f"top1_{name}"] for name in names] == [
            "" if figure is None else f"{100 * figure:.3f}" for figure in shown
        ]
        millions = None if model.parameters is None else model.parameters / 1e6
        assert row["parameters_million"] == ("" if millions is None else f"{millions:.2f}")
        billions = None if model.operations is None else model.operations / 1e9
        assert row["operations_billion"] == ("" if billions is None else f"{billions:.2f}")
        assert row["licence"] == (model.licence or "")
        assert row["input_size"] == ("" if model.input_size is None else str(model.input_size))
        assert row["default"] == ("yes" if model.default else "no")


def test_licences_are_what_timm_states_of_the_weights() -> None:
    registry = pytest.importorskip("timm.models")
    for model in published_models().values():
        stated = registry.get_pretrained_cfg(model.name).license
        assert model.licence == (None if stated == "unknown" else stated), model.name


def test_operations_grow_as_the_pixels_do() -> None:
    """Those of one network at 160 and at 224 pixels per side, whatever the weights."""
    small, large = (published_models()[f"resnet50.{tag}_in1k"] for tag in ("a3", "a1"))
    assert small.operations is not None
    assert large.operations == 4_110_000_000
    assert small.operations / large.operations == pytest.approx((160 / 224) ** 2, rel=0.01)


def test_defaults_are_what_timm_loads_without_a_tag() -> None:
    registry = pytest.importorskip("timm.models")
    for model in published_models().values():
        tag = registry.get_pretrained_cfg(model.architecture).tag
        assert model.default == (model.name == f"{model.architecture}.{tag}"), model.name


@pytest.mark.parametrize("row", [{}, {"model": "a.b"}, {"collection": "timm"}])
def test_a_damaged_installation_is_told_by_its_place(row, tmp_path, monkeypatch) -> None:
    for table in ("models.csv", "sources.csv"):
        (tmp_path / table).write_text("\n".join([",".join(row), ",".join(row.values()), "?"]))
    monkeypatch.setattr(models, "files", lambda _package: tmp_path)
    for read in (published_models.__wrapped__, models.published_sources.__wrapped__):
        with pytest.raises(InputError, match=r"Line . of .*csv is damaged") as caught:
            read()
        assert caught.value.remedy == "Install task2vec again."
