"""Two images with boxes, as COCO and YOLO write them."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from task2vec.data.sampling.sample import all_images
from task2vec.data.task import Task

Write = Callable[[Path, Mapping[str, bytes]], Path]

SIZE = (100, 60)
PIXELS = np.random.default_rng(0).integers(0, 256, (3, SIZE[1], SIZE[0], 3), dtype=np.uint8)
# x, y, width, height in pixels, the number of the image, and the class.
BOXES = [
    ((10, 5, 20, 30), 0, "cat"),
    ((50, 20, 40, 16), 0, "dog"),
    ((0, 0, 16, 16), 1, "cat"),
    ((30, 10, 70, 50), 1, "dog"),
]


def encoded(number: int, **options: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(PIXELS[number]).save(buffer, "PNG", **options)
    return buffer.getvalue()


def coco(boxes: list[Any] = BOXES, **parts: Any) -> bytes:
    return json.dumps(
        {
            "images": [
                {"id": n, "file_name": f"{n}.png", "width": SIZE[0], "height": SIZE[1]}
                for n in range(2)
            ],
            "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
            "annotations": [
                {"image_id": n, "category_id": {"cat": 7, "dog": 9}.get(c, c), "bbox": list(box)}
                for box, n, c in boxes
            ],
            **parts,
        }
    ).encode()


def coco_files(document: bytes) -> dict[str, bytes]:
    images = {f"val2017/{n}.png": encoded(n) for n in range(2)}
    return {**images, "annotations/instances_val2017.json": document}


def yolo_files(yaml: str = "names: [cat, dog]\ntrain: images\n", extra: str = "") -> Any:
    files = {f"images/{n}.png": encoded(n) for n in range(2)}
    for n in range(2):
        lines = [
            f"{['cat', 'dog'].index(c)} {(x + w / 2) / 100} {(y + h / 2) / 60} {w / 100} {h / 60}"
            for (x, y, w, h), image, c in BOXES
            if image == n
        ]
        files[f"labels/{n}.txt"] = "\n".join([*lines, extra if n else ""]).encode()
    return {**files, "data.yaml": yaml.encode()}


def expected_crops(prefix: str) -> dict[str, Any]:
    counts = [0, 0]
    found = {}
    for (x, y, w, h), n, label in BOXES:
        counts[n] += 1
        found[f"{prefix}/{n}.png#box {counts[n]}"] = (label, PIXELS[n][y : y + h, x : x + w])
    return found


def check_crops(task: Task, expected: dict[str, Any]) -> None:
    sample = all_images(task, transform=np.asarray)
    assert {k: sample.classes[y] for k, y in zip(sample.keys, sample.labels, strict=True)} == {
        key: label for key, (label, _) in expected.items()
    }
    for key, image in zip(sample.keys, sample.images, strict=True):
        want = expected[key][1]
        np.testing.assert_array_equal(image, want)
