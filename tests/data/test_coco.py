import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boxes import BOXES, PIXELS, check_crops, coco, coco_files, encoded, expected_crops
from PIL import Image

from task2vec.data.formats import crops
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.errors import SourceError

Write = Callable[[Path, Mapping[str, bytes]], Path]


def test_a_sent_coco_file_sees_its_own_folder_only(tmp_path: Path, write: Write) -> None:
    root = write(tmp_path, coco_files(coco()))
    with pytest.raises(SourceError, match=r"no usable boxes.*its image is not here"):
        open_source(root / "annotations" / "instances_val2017.json", trusted=False)


def test_an_image_is_decoded_once_for_all_its_boxes(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = open_source(write(tmp_path, coco_files(coco())))
    decoded = []
    to_image = crops.to_image
    monkeypatch.setattr(crops, "to_image", lambda raw: decoded.append(raw) or to_image(raw))
    assert len(list(task.reader.read([entry.key for entry in task.entries]))) == 4
    assert decoded == [encoded(0), encoded(1)]


@pytest.mark.parametrize(
    ("box", "category", "extra", "why"),
    [
        ((0, 0, 15, 40), 7, {}, "below 16 pixels on a side"),
        ((95, 0, 40, 40), 7, {}, "below 16 pixels on a side"),
        ((-30, -30, 40, 40), 7, {}, "below 16 pixels on a side"),
        ((0, 0, -20, 20), 7, {}, "without width or height"),
        ((float("nan"), 0, 20, 20), 7, {}, "its numbers are not finite"),
        ((0, 0, float("inf"), 20), 7, {}, "its numbers are not finite"),
        ((0, 0, "20", 20), 7, {}, "its numbers are not finite"),
        ((0, 0, 20), 7, {}, "without four numbers"),
        ((0, 0, 20, 20), 8, {}, "of an unknown category"),
        ((0, 0, 20, 20), None, {}, "of an unknown category"),
        ((0, 0, 20, 20), 7, {"iscrowd": 1}, "a crowd"),
        ((0, 0, 20, 20), 7, {"image_id": 5}, "of an image that is not listed"),
        ((0, 0, 20, 20), 7, {"image_id": 2}, "its image is not here"),
        ((0, 0, 20, 20), 7, {"image_id": 3}, "its image leads out"),
    ],
)
def test_boxes_that_cannot_be_used_are_counted(
    tmp_path: Path, write: Write, box: Any, category: Any, extra: Any, why: str
) -> None:
    document = json.loads(coco())
    document["images"] += [{"id": 2, "file_name": "2.png"}, {"id": 3, "file_name": "../0.png"}]
    odd = {"image_id": 0, "category_id": category, "bbox": list(box), **extra}
    document["annotations"].append(odd)
    task = open_source(write(tmp_path, coco_files(json.dumps(document).encode())))
    assert len(task.entries) == 4
    (line,) = [line for line in task.warnings if "left out" in line]
    assert line.startswith(f"1 box left out ({why}): ")


def test_boxes_are_cut_at_the_edge_of_the_image(tmp_path: Path, write: Write) -> None:
    boxes = [((-10, -10, 30.5, 40), 0, "cat"), ((80, 40, 99, 99), 0, "dog")]
    task = open_source(write(tmp_path, coco_files(coco(boxes))))
    check_crops(
        task,
        {
            "val2017/0.png#box 1": ("cat", PIXELS[0][:30, :21]),
            "val2017/0.png#box 2": ("dog", PIXELS[0][40:, 80:]),
        },
    )


def test_boxes_of_a_turned_image_are_cut_from_the_stored_pixels(
    tmp_path: Path, write: Write
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    files = coco_files(coco())
    files["val2017/0.png"] = encoded(0, exif=exif)
    check_crops(open_source(write(tmp_path, files)), expected_crops("val2017"))


def test_an_image_of_another_size_than_listed_is_not_cut(tmp_path: Path, write: Write) -> None:
    files = coco_files(coco())
    buffer = BytesIO()
    Image.new("RGB", (50, 30)).save(buffer, "PNG")
    files["val2017/0.png"] = buffer.getvalue()
    sample = all_images(open_source(write(tmp_path, files)), transform=np.asarray)
    assert sample.keys == ("val2017/1.png#box 1", "val2017/1.png#box 2")
    assert "an image of 50 x 30 pixels, listed as 100 x 60" in sample.warnings[0]


@pytest.mark.parametrize("part", ["images", "categories"])
def test_two_things_under_one_id_are_refused(tmp_path: Path, write: Write, part: str) -> None:
    document = json.loads(coco())
    document[part].append({**document[part][0], "name": "ox", "file_name": "other.png"})
    with pytest.raises(SourceError, match=f"Two of the {part} .* have one id"):
        open_source(write(tmp_path, coco_files(json.dumps(document).encode())))


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe", b"[" * 100_000, b""])
def test_annotations_that_are_no_json_are_refused(
    tmp_path: Path, write: Write, text: bytes
) -> None:
    with pytest.raises(SourceError, match=r"instances_val2017.json of .* is no JSON"):
        open_source(write(tmp_path, coco_files(text)))


def test_json_of_another_kind_leaves_class_folders_alone(tmp_path: Path, write: Write) -> None:
    files = {f"{c}/{n}.png": encoded(n) for c in "ab" for n in range(2)}
    files |= {"annotations.json": b'{"images": 3}', "train.json": b"{", "config.yaml": b"a: *b"}
    assert open_source(write(tmp_path, files)).classes == ("a", "b")


def test_the_signature_follows_the_boxes(tmp_path: Path, write: Write) -> None:
    first = open_source(write(tmp_path, coco_files(coco()))).signature
    moved = [((11, 5, 20, 30), 0, "cat"), *BOXES[1:]]
    assert open_source(write(tmp_path, coco_files(coco(moved)))).signature != first


def test_boxes_of_an_unreadable_image_bear_its_reason(tmp_path: Path, write: Write) -> None:
    files = coco_files(coco())
    files["val2017/0.png"] = b"words"
    sample = all_images(open_source(write(tmp_path, files)), transform=np.asarray)
    assert sample.warnings == (
        "2 of 4 images could not be read: val2017/0.png#box 1 (text, not an image), "
        "val2017/0.png#box 2 (text, not an image)",
    )


def test_a_document_of_nothing_but_small_objects_is_refused(tmp_path: Path, write: Write) -> None:
    text = b'{"images":[' + b"{}," * 300_000 + b'{}],"annotations":[],"categories":[]}'
    root = write(tmp_path, {"a/1.png": encoded(0), "b/1.png": encoded(1), "instances.json": text})
    with pytest.raises(SourceError, match="more lists and objects than any data set"):
        open_source(root)
