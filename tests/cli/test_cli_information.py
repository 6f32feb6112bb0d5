"""`task2vec information`: nats, layers, the curve and its picture."""

from pathlib import Path

import numpy as np
import pytest
from command import Cli
from PIL import Image

#: As fast as the packaged probe can be: few small images, and a fit that is cut short.
QUICK = (
    "--probe", "efficientnet_lite0?input_size=32", "--images", 4, "--rounds", 1, "--beta", "1e-5",
)  # fmt: skip


def test_nats_layers_and_curve(cli: Cli, two_classes: Path) -> None:
    found = cli("information", two_classes, *QUICK, "--betas", "1e-3", "-o", "c.png", "--json")

    assert found.code == 0
    told = found.json
    assert told["task"] == "tiny"
    assert (told["images"], told["classes"]) == (4, 2)
    assert sum(layer["nats"] for layer in told["layers"]) == pytest.approx(told["nats"])
    # Half a nat for the place of each weight of the 49 convolutions.
    assert len(told["layers"]) == 49
    weights = sum(layer["weights"] for layer in told["layers"])
    assert told["nats_of_place"] == pytest.approx(weights / 2)
    assert told["layers"][0]["name"] == "conv_stem"
    low, high = told["curve"]
    assert (low["beta"], high["beta"]) == (1e-5, 1e-3)
    assert low["nats"] == pytest.approx(told["nats"])
    assert low["nats"] > high["nats"] > told["nats_of_place"]
    with Image.open("c.png") as image:
        assert np.asarray(image).std() > 5
    assert not Path("task2vec-store").exists()


def test_a_person_sees_the_layers_and_whether_it_converged(cli: Cli, two_classes: Path) -> None:
    found = cli("information", two_classes, *QUICK, "--betas", "1e-5")

    assert found.code == 0
    assert "nats at beta 1e-05" in found.out
    assert "of the task" in found.out
    said = " ".join(found.out.split())
    assert "They leave out how far fine-tuning moves the weights" in said
    assert "(12 of 49; all by --json)" in found.out
    assert "has not converged in 1 round" in found.err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--betas", "1e-3;1e-4"), "betas cannot be read"),
        (("--beta", "0"), "beta is unusable"),
        (("--tolerance", "2"), "cannot be stopped so"),
        (("-o", "curve.bmp"), "No picture can be written"),
    ],
)
def test_mistakes_are_told_before_any_work(
    cli: Cli, two_classes: Path, options: tuple[str, ...], problem: str
) -> None:
    found = cli("information", two_classes, *options)

    assert (found.code, found.out) == (2, "")
    assert problem in found.err


def test_what_is_no_source_is_told(cli: Cli) -> None:
    found = cli("information", "no/such/folder")

    assert found.code == 2
    assert "no/such/folder" in found.err
