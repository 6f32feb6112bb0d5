"""`task2vec models published`: what there is to register, and at what cost."""

from pathlib import Path

import pytest
from command import Cli
from PIL import Image


def test_limits_hold_and_the_list_is_of_what_they_leave(cli: Cli) -> None:
    limits = (
        *("--max-parameters", 10_000_000, "--max-input-size", 224, "--licence", "Apache-2.0"),
        *("--max-operations", 1_000_000_000, "--architecture", "*net*"),
    )
    found = cli("models", "published", *limits, "--json").json["models"]
    everything = cli("models", "published", *limits, "--all", "--json").json["models"]

    assert len(everything) > len(found) > 2
    for model in everything:
        assert model["parameters"] <= 10_000_000
        assert model["operations"] <= 1_000_000_000
        assert model["input_size"] <= 224
        assert model["licence"] == "apache-2.0"
        assert "net" in model["architecture"]
    assert [model for model in everything if model["pareto"]] == found
    assert not Path("task2vec-store").exists()


def test_the_table_says_what_it_shows_and_where_it_is_from(cli: Cli) -> None:
    shown = cli("models", "published", "--architecture", "*efficientnet_lite0", "--all")

    (row,) = [line for line in shown.out.splitlines() if line.startswith(" ") and "tf_" in line]
    assert row.split() == [
        *("tf_efficientnet_lite0.in1k", "(the", "default)", "74.8", "%", "4.65", "0.40", "224"),
        "apache-2.0",
    ]
    assert "pytorch-image-models/tree/aa4b5850c154" in shown.err
    assert "task2vec models add timm:NAME" in shown.err


def test_a_limit_bounds_the_list_and_not_the_picture(cli: Cli) -> None:
    everything = cli("models", "published", "--json").json["models"]
    found = cli("models", "published", "--limit", 3, "--json").json["models"]
    told = cli("models", "published", "--limit", 3, "-o", "p.png")

    assert found == everything[:3]
    # The header, and a row for each.
    assert len(told.out.splitlines()) == 4
    assert f"3 of {len(everything)} models. " in told.err
    assert f"Drew {len(everything)} models" not in told.err
    assert Path("p.png").is_file()
    assert cli("models", "published", "--limit", 0).code == 2


def test_a_model_of_the_list_is_registered_by_its_ref(cli: Cli) -> None:
    (best, *_) = cli("models", "published", "--architecture", "resnet18", "--json").json["models"]
    added = cli("models", "add", best["ref"], "--store", "s", "--json").json

    assert added["architecture"] == best["architecture"]
    assert added["licence"].lower() == best["licence"]


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (("--architecture", "resnet5"), "Did you mean resnet50"),
        (("--architecture", "zzzzzzz"), "A pattern finds more"),
        (("--licence", "gpl"), "apache-2.0"),
        (("--max-parameters", "100"), "the smallest has"),
    ],
)
def test_nothing_within_the_limits_is_told_with_a_remedy(cli: Cli, limit, told) -> None:
    found = cli("models", "published", *limit)
    assert (found.code, found.out) == (3, "")
    assert told in found.err
    assert cli("models", "published", *limit, "--json").json == {"models": []}


def test_a_picture_shows_the_beaten_ones_and_the_list_does_not(cli: Cli) -> None:
    asked = ("models", "published", "--architecture", "resnet*", "--cost", "operations")
    drawn = cli(*asked, "-o", "trade.png", "--json")

    assert drawn.json == cli(*asked, "--json").json
    with Image.open("trade.png") as image:
        assert image.size == (2200, 1400)
    refused = cli(*asked, "-o", "trade.bmp")
    assert (refused.code, refused.out) == (2, "")
