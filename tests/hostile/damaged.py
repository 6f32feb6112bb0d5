"""Damaged images, archives, arrays, tables and documents."""

import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from packed import PACKERS, tar_bytes, zip_bytes

from hostile.case import Case, encoded, good_files, put
from hostile.mutate import mutate

IMAGES = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


def damaged_images(count: int, random: np.random.Generator) -> Iterator[Case]:
    """Yield folders with one damaged image among good ones."""
    whole = {kind: encoded(7, kind) for kind in IMAGES}
    for n in range(count):
        kind, other = IMAGES[n % len(IMAGES)], IMAGES[int(random.integers(0, len(IMAGES)))]
        files = good_files()
        files["b/0.png"] = mutate(whole[kind], other=whole[other], random=random)
        yield Case("image", f"{kind} {n}", lambda folder, files=files: put(folder / "set", files))


def damaged_files(count: int, random: np.random.Generator) -> Iterator[Case]:
    """Yield archives, arrays, tables and documents that are damaged as files."""
    whole = whole_files()
    names = sorted(whole)
    for n in range(count):
        name, other = names[n % len(names)], names[int(random.integers(0, len(names)))]
        data = mutate(whole[name], other=whole[other], random=random)

        def write(folder: Path, name: str = name, data: bytes = data) -> Path:
            root = put(folder / "set", {f"images/{_flat(k)}": v for k, v in IMAGE_FILES})
            boxes = b"0 0.5 0.5 0.9 0.9\n1 0.5 0.5 0.9 0.95"
            put(root, {"labels/a0.txt": boxes, "labels/b0.txt": boxes, name: data})
            return root / name

        yield Case(Path(name).suffix[1:], f"{name} {n}", write)


IMAGE_FILES = tuple(good_files().items())


@cache
def whole_files() -> dict[str, bytes]:
    """Return a good file of each kind, by name."""
    files = good_files()
    arrays, table = io.BytesIO(), io.BytesIO()
    images = np.random.default_rng(0).integers(0, 200, (4, 8, 8), dtype=np.uint8)
    np.savez_compressed(arrays, images=images, labels=np.array([0, 1, 0, 1]))
    rows = pa.table({"image": list(files.values()), "label": list("abab")})
    pq.write_table(rows, table, compression="zstd")
    keys = [f"images/{_flat(name)}" for name in files]
    listed = "".join(f"{key},{n % 2}\n" for n, key in enumerate(keys))
    coco = {
        "images": [
            {"id": n, "file_name": k, "width": 24, "height": 20} for n, k in enumerate(keys)
        ],
        "categories": [{"id": n, "name": str(n)} for n in range(2)],
        "annotations": [
            {"image_id": n, "category_id": n % 2, "bbox": [1, 1, 20, 18]} for n in range(4)
        ],
    }
    return {
        "set.zip": zip_bytes(files),
        **{f"set{kind}": compress(tar_bytes(files)) for kind, compress in PACKERS.items()},
        "set.npz": arrays.getvalue(),
        "set.parquet": table.getvalue(),
        "set.csv": f"path,label\n{listed}".encode(),
        "set.jsonl": "".join(
            json.dumps({"path": key, "label": n % 2}) + "\n" for n, key in enumerate(keys)
        ).encode(),
        "set.json": json.dumps(coco).encode(),
        "set.yaml": b"names: [one, two]\ntrain: images\n",
    }


def _flat(name: str) -> str:
    return name.replace("/", "")
