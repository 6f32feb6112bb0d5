"""Fashion-MNIST: three tasks of clothes that share no image."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask
from examples.rebuild.packages import Package

PACKAGE = Package(
    "dataset-fashion-mnist",
    "0.0~git20200523.55506a9-1",
    "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
)
LABELS = (
    "t_shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle_boot",
)
# Positions among the training images of a label; the spare ones make up for dropped duplicates.
FIRST, SECOND = slice(0, 140), slice(1000, 1140)


def _drawings(root: Path, labels: Sequence[str], part: slice) -> list[Drawing]:
    """Read the images of ``labels`` at the positions ``part`` of each label."""
    folder = root / "usr/share/datasets/fashion-mnist"
    pixels = np.frombuffer(
        gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16
    ).reshape(-1, 28, 28)
    targets = np.frombuffer(
        gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8
    )
    return [
        Drawing(label, f"{position:05d}", Image.fromarray(pixels[position]))
        for label in labels
        for position in np.flatnonzero(targets == LABELS.index(label))[part]
    ]


def _task(name: str, labels: Sequence[str], *, part: slice, per_class: int) -> ExampleTask:
    def drawings(unpacked: Callable[[Package], Path]) -> list[Drawing]:
        return _drawings(unpacked(PACKAGE), labels, part)

    return ExampleTask(
        name=name,
        family="clothes",
        packages=(PACKAGE,),
        done="training images, 28 px, unchanged",
        licence="MIT",
        attribution="Fashion-MNIST, © 2017 Zalando SE",
        notice="fashion-mnist.txt",
        per_class=per_class,
        drawings=drawings,
    )


TASKS = (
    _task(
        "fashion_tops",
        ("t_shirt", "pullover", "dress", "coat", "shirt"),
        part=FIRST,
        per_class=100,
    ),
    _task("fashion_footwear", ("sandal", "sneaker", "ankle_boot"), part=FIRST, per_class=120),
    _task(
        "fashion_mixed",
        ("t_shirt", "trouser", "dress", "coat", "sneaker", "bag"),
        part=SECOND,
        per_class=80,
    ),
)
