"""torchvision's own classes on real files."""

import gzip
import pickle
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.data.task import Task
from task2vec.errors import SourceError

torchvision = pytest.importorskip("torchvision")

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]

LABELS = np.array([0, 9, 0, 3, 9, 3], dtype=np.uint8)
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype=np.uint8)


@pytest.fixture
def clothes(tmp_path: Path) -> Any:
    """FashionMNIST from idx files of the format of http://yann.lecun.com/exdb/mnist."""
    folder = tmp_path / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        images = struct.pack(">4i", 0x803, *PIXELS.shape) + PIXELS.tobytes()
        labels = struct.pack(">2i", 0x801, len(LABELS)) + LABELS.tobytes()
        for kind, data in (("images-idx3", images), ("labels-idx1", labels)):
            (folder / f"{part}-{kind}-ubyte").write_bytes(data)
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(data))
    return torchvision.datasets.FashionMNIST(tmp_path, train=True)


def by_key(task: Task) -> dict[str, tuple[str, Any]]:
    sample = all_images(task, transform=np.asarray)
    labels = [sample.classes[label] for label in sample.labels]
    return dict(zip(sample.keys, zip(labels, sample.images, strict=True), strict=True))


def check_clothes(task: Task, chosen: list[int]) -> None:
    names = {0: "T-shirt/top", 3: "Dress", 9: "Ankle boot"}
    found = by_key(task)
    assert {key: label for key, (label, _) in found.items()} == {
        f"image {n}": names[LABELS[n]] for n in chosen
    }
    for n in chosen:
        np.testing.assert_array_equal(found[f"image {n}"][1], np.stack([PIXELS[n]] * 3, axis=-1))


def test_fashion_mnist(clothes: Any) -> None:
    task = open_source(clothes)
    assert (task.name, task.classes) == ("fashionmnist", ("Ankle boot", "Dress", "T-shirt/top"))
    check_clothes(task, [0, 1, 2, 3, 4, 5])


def test_transforms_do_not_count_and_stay_with_the_user(clothes: Any) -> None:
    clothes.transform = torchvision.transforms.ToTensor()
    clothes.target_transform = lambda label: 1
    check_clothes(open_source(clothes), [0, 1, 2, 3, 4, 5])
    assert isinstance(clothes.transform, torchvision.transforms.ToTensor)


def test_subsets_of_subsets(clothes: Any) -> None:
    from torch.utils.data import Subset

    check_clothes(open_source(Subset(Subset(clothes, [5, 1, 0, 2]), [0, 1, 3])), [5, 1, 2])


def test_the_signature_follows_the_pixels(clothes: Any) -> None:
    before = open_source(clothes).signature
    assert open_source(clothes).signature == before
    clothes.data = clothes.data.clone()
    clothes.data[3, 0, 0] += 1
    assert open_source(clothes).signature != before


def test_image_folder(tmp_path: Path, png: Png, write: Write) -> None:
    files = {f"{c}/{n}.png": png(n) for n, c in enumerate(["b", "a", "b"])}
    task = open_source(torchvision.datasets.ImageFolder(write(tmp_path, files)), name="set")
    found = {key: (label, image[0, 0, 0]) for key, (label, image) in by_key(task).items()}
    assert found == {"image 0": ("a", 1), "image 1": ("b", 0), "image 2": ("b", 2)}


def test_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = torchvision.datasets.CIFAR10
    # The files are too large for a test; their checksums are not what is tested.
    monkeypatch.setattr(kind, "_check_integrity", lambda self: True)
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    folder = tmp_path / kind.base_folder
    folder.mkdir()
    pixels = np.random.default_rng(1).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    batch = {"data": pixels.reshape(4, -1), "labels": [6, 1, 6, 1]}
    (folder / "test_batch").write_bytes(pickle.dumps(batch))
    meta = {"label_names": [f"class {n}" for n in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
    found = by_key(open_source(kind(tmp_path, train=False)))
    for n, label in enumerate(batch["labels"]):
        assert found[f"image {n}"][0] == f"class {label}"
        np.testing.assert_array_equal(found[f"image {n}"][1], pixels[n].transpose(1, 2, 0))


class Own:
    """A data set of somebody's own, which knows its labels only one by one."""

    classes = ("x", "y")

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


def test_a_data_set_of_ones_own() -> None:
    import torch

    items = [(PIXELS[0], 0), (PIXELS[1], torch.tensor(1)), (PIXELS[2], np.int64(1)), (None, 0)]
    task = open_source(Own(items))
    sample = all_images(task, transform=lambda image: image.size)
    assert sample.keys == ("image 0", "image 1", "image 2")
    assert sample.warnings == (
        "1 of 4 images could not be read: image 3 (a NoneType, not an image)",
    )


@pytest.mark.parametrize(
    ("label", "problem"),
    [(0.5, "no whole numbers.*float"), ([0, 1], "no whole numbers.*list"), (2, "is no class")],
)
def test_labels_that_are_no_classes_are_refused(label: Any, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        open_source(Own([(PIXELS[0], 0), (PIXELS[1], label)]))
