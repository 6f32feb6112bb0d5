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


def test_a_person_sees_the_layers_the_picture_and_whether_it_converged(
    cli: Cli, two_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = cli("information", two_classes, *QUICK, "--betas", "1e-3", "-o", "c.png")

    assert found.code == 0
    said = " ".join(found.out.split())
    assert max(map(len, found.out.splitlines())) <= 80
    assert "nats at beta 1e-05" in said
    assert "of the task" in said
    assert "They leave out how far fine-tuning moves the weights" in said
    # Of the 49 convolutions.
    assert "(12 of 49; all by --json)" in said
    assert "has not converged in 1 round" in found.err
    with Image.open("c.png") as image:
        assert np.asarray(image).std() > 5
    assert not Path("task2vec-store").exists()


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
