import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib import format as npy
from PIL import Image

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images, draw_sample
from task2vec.errors import SourceError


def noise(*shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(12, 5, 4), (12, 5, 4, 1)])
def test_grey_arrays_become_rgb(shape: tuple[int, ...]) -> None:
    images = noise(*shape)
    sample = all_images(task_from_arrays(images, [0] * 6 + [1] * 6, name="a"), transform=np.asarray)
    expected = np.repeat(images.reshape(12, 5, 4, 1), 3, axis=3)
    np.testing.assert_array_equal(sample.images, expected)
    assert sample.keys == tuple(f"image {i}" for i in range(12))


def test_colour_arrays_are_given_as_they_are() -> None:
    images = noise(4, 3, 2, 3)
    task = task_from_arrays(images, [1, 0, 1, 0], name="a")
    sample = all_images(task, transform=np.asarray)
    np.testing.assert_array_equal(sample.images, images[[1, 3, 0, 2]])
    assert sample.labels.tolist() == [0, 0, 1, 1]


def test_arrays_with_alpha_are_laid_on_white() -> None:
    images = np.zeros((2, 1, 1, 4), dtype=np.uint8)
    images[..., 3] = [[[0]], [[51]]]
    sample = all_images(task_from_arrays(images, [0, 1], name="a"), transform=np.asarray)
    assert [image.tolist() for image in sample.images] == [[[[255] * 3]], [[[204] * 3]]]


def test_images_of_any_size_and_kind_may_be_mixed() -> None:
    images = [noise(3, 2), Image.new("CMYK", (5, 4)), noise(1, 1, 3), Image.new("RGB", (2, 2))]
    sample = all_images(
        task_from_arrays(images, ["b", "b", "a", "a"], name="m"), transform=np.shape
    )
    assert sample.classes == ("a", "b")
    assert sample.images == ((1, 1, 3), (2, 2, 3), (3, 2, 3), (4, 5, 3))


@pytest.mark.parametrize(
    ("labels", "classes", "names", "indices"),
    [
        (["z", "a", "z"], None, ("a", "z"), [1, 0, 1]),
        (["z", "a", "z"], ["z", "a"], ("z", "a"), [0, 1, 0]),
        ([10, 9, 10], None, ("9", "10"), [1, 0, 1]),
        (np.array([2, 0, 2], dtype=np.uint8), ["x", "y", "z"], ("x", "z"), [1, 0, 1]),
        (np.array(["z", "a", "z"]), None, ("a", "z"), [1, 0, 1]),
    ],
)
def test_labels_are_names_or_numbers(
    labels: Any, classes: list[str] | None, names: tuple[str, ...], indices: list[int]
) -> None:
    task = task_from_arrays(noise(3, 2, 2), labels, name="a", classes=classes)
    assert task.classes == names
    assert [entry.label for entry in task.entries] == indices
    assert ("1 class without images: y" in task.warnings) == ("z" in names and "x" in names)


def test_the_signature_is_that_of_the_contents() -> None:
    images = noise(4, 3, 2)
    first = task_from_arrays(images, [0, 1, 0, 1], name="a").signature
    assert task_from_arrays(list(images.copy()), [0, 1, 0, 1], name="b").signature == first
    images[3, 2, 1] ^= 1
    assert task_from_arrays(images, [0, 1, 0, 1], name="a").signature != first


@pytest.mark.parametrize(
    ("images", "labels", "options", "problem"),
    [
        (noise(3, 2, 2), [0, 1], {}, "differ in number: expected 3 labels, got 2"),
        (noise(0, 2, 2), [], {}, "hold no images"),
        (iter([noise(2, 2)]), [0], {}, "The images are no sequence: .*got list_iterator"),
        (noise(2, 2, 2), 3, {}, "The labels are no sequence: .*got int"),
        (noise(2, 2), [0, 1], {}, r"Image 0 is no 8-bit image.*got uint8 \(2,\)"),
        (noise(2, 2, 2, 5), [0, 1], {}, "Image 0 is no 8-bit image"),
        (noise(2, 0, 2), [0, 1], {}, "Image 0 is no 8-bit image"),
        (noise(2, 2, 2) / 255, [0, 1], {}, "got float64.*Scale the values to 0..255"),
        ([noise(2, 2), "a.png"], [0, 1], {}, "Image 1 is no 8-bit image.*got str"),
        (noise(2, 2, 2), [0.0, 1.0], {}, "wrong type.*got float"),
        (noise(2, 2, 2), ["a", 1], {}, "wrong type.*got int, str"),
        (noise(2, 2, 2), [0, 2], {"classes": ["a", "b"]}, "no classes: .*got 2"),
        (noise(2, 2, 2), ["a", "c"], {"classes": ["a", "b"]}, "no classes: .*got 'c'"),
        (noise(2, 2, 2), [0, 1], {"classes": ["a", "a"]}, "one name"),
        (noise(2, 2, 2), [1, 1], {}, "only one class"),
        (noise(2, 2, 2), ["a", "\ud800"], {}, "no Unicode text"),
    ],
)
def test_what_is_no_labelled_image_set_says_so(
    images: Any, labels: Any, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SourceError, match=problem):
        task_from_arrays(images, labels, name="a", **options)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_npz_file_is_its_arrays(tmp_path: Path, save: Any) -> None:
    images, labels = noise(6, 3, 2, 3), np.array([0, 1, 0, 1, 0, 1])
    save(tmp_path / "set.npz", images=images, labels=labels)
    task = open_source(tmp_path / "set.npz")
    assert task.name == "set"
    assert task.signature == task_from_arrays(images, labels, name="x").signature
    sample = draw_sample(task, images=6, seed=0, transform=np.asarray)
    chosen = [int(key.removeprefix("image ")) for key in sample.keys]
    np.testing.assert_array_equal(sample.images, images[chosen])


def header_only(shape: tuple[int, ...], dtype: type) -> bytes:
    buffer = io.BytesIO()
    npy.write_array_header_1_0(
        buffer, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"images": noise(2, 2, 2)}, "got images.npy"),
        ({"x": noise(2)}, "got x.npy"),
        ({"images": noise(2, 2, 2) / 1, "labels": np.arange(2)}, "got images float64"),
        ({"images": noise(2, 2), "labels": np.arange(2)}, "got images uint8"),
        ({"images": noise(2, 2, 2), "labels": np.zeros((2, 2, 2))}, "labels float64"),
        ({"images": noise(2, 2, 2), "labels": np.array([{}, 1])}, "type object"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, arrays: dict[str, Any], problem: str) -> None:
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(SourceError, match=problem):
        open_source(tmp_path / "set.npz")


@pytest.mark.parametrize(
    "data",
    [
        header_only((10**12, 10, 10), np.uint8),
        header_only((2**62, 2**62), np.uint8),
        header_only((2, 2, 2), np.uint8) + b"1234",
        b"\x93NUMPY\x01\x00\xff\xffjunk",
        b"",
    ],
)
def test_arrays_that_are_not_what_they_declare_are_refused(tmp_path: Path, data: bytes) -> None:
    np.savez(tmp_path / "set.npz", labels=np.arange(2))
    with zipfile.ZipFile(tmp_path / "set.npz", "a") as archive:
        archive.writestr("images.npy", data)
    with pytest.raises(SourceError, match="no labelled images that can be read"):
        open_source(tmp_path / "set.npz")


def test_a_damaged_image_among_ready_ones_is_named(tmp_path: Path) -> None:
    Image.fromarray(noise(64, 64, 3)).save(tmp_path / "1.png")
    data = (tmp_path / "1.png").read_bytes()
    (tmp_path / "1.png").write_bytes(data[: len(data) // 2])
    with (
        Image.open(tmp_path / "1.png") as image,
        pytest.raises(SourceError, match=r"Image 1 cannot be read: got .*truncated"),
    ):
        task_from_arrays([noise(2, 2), image], [0, 1], name="a")


def test_ready_images_of_other_colour_spaces_are_unreadable() -> None:
    images = [Image.new("La", (2, 2)), Image.new("F", (2, 2)), noise(2, 2), noise(3, 3)]
    sample = all_images(task_from_arrays(images, [0, 0, 0, 1], name="a"), transform=np.shape)
    assert sample.warnings[0] == (
        "2 of 4 images could not be read: image 0 (pixels of mode La), "
        "image 1 (pixels of mode F that are not 8 or 16 bits wide)"
    )


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (("|u1", (10**12, 0, 1)), ("<U0", (10**12,))),
        (("|u1", (0, 10**12, 1)), ("<i8", (0,))),
        (("|u1", (2, 1, 1)), ("<U0", (2_000_001,))),
    ],
)
def test_arrays_that_take_no_bytes_are_not_walked_through(tmp_path, images, labels):
    path = tmp_path / "set.npz"
    with zipfile.ZipFile(path, "w") as packed:
        for name, (kind, shape) in (("images", images), ("labels", labels)):
            with packed.open(f"{name}.npy", "w") as member:
                header = {"descr": kind, "fortran_order": False, "shape": shape}
                npy.write_array_header_1_0(member, header)
                member.write(bytes(64))
    with pytest.raises(SourceError, match="no labelled images that can be read"):
        open_source(path)


def test_images_of_another_type_are_refused_before_they_are_unpacked(tmp_path):
    np.savez(tmp_path / "set.npz", labels=np.arange(2))
    content = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (2, 2**12, 2**10)}
    npy.write_array_header_1_0(content, header)
    content.write(bytes(2**26))
    with zipfile.ZipFile(tmp_path / "set.npz", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("images.npy", content.getvalue())
    del content
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="float64"):
            open_source(tmp_path / "set.npz")
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
