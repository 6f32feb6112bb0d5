"""Parquet files, and folders that Hugging Face's datasets saved: real ones, read without it."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile.mutate import mutate
from hostile.sent import long_list
from packed import pack
from PIL import Image

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.data.task import ImageEntry, Task
from task2vec.errors import SourceError

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]


@pytest.fixture(scope="session", autouse=True)
def quiet_datasets() -> None:
    datasets.disable_progress_bars()


@pytest.fixture
def pets(png: Png) -> datasets.Dataset:
    """Six images of two classes; the pixels tell the number."""
    features = datasets.Features(
        image=datasets.Image(),
        label=datasets.ClassLabel(names=["cat", "dog"]),
        note=datasets.Value("string"),
    )
    images = [Image.open(BytesIO(png(n))) for n in range(6)]
    rows = {"image": images, "label": [0, 1, 0, 1, -1, 1], "note": ["x"] * 6}
    return datasets.Dataset.from_dict(rows, features=features)


def numbers(task: Task) -> dict[str, int]:
    sample = all_images(task, transform=lambda image: image.getpixel((0, 0))[0])
    return dict(zip(sample.keys, sample.images, strict=True))


def check_pets(task: Task, *, prefix: str, split: str | None) -> None:
    assert task.classes == ("cat", "dog")
    assert task.entries == tuple(
        ImageEntry(f"{prefix}#row {n}", label, split)
        for n, label in zip((0, 1, 2, 3, 5), (0, 1, 0, 1, 1), strict=True)
    )
    assert task.warnings == (f"1 row left out, having no label: {prefix}#row 4",)
    assert numbers(task) == {f"{prefix}#row {n}": n for n in (0, 1, 2, 3, 5)}


@pytest.mark.parametrize("group", [1, 2, 100])
def test_a_parquet_file_of_hugging_face(tmp_path: Path, pets: Any, group: int) -> None:
    path = tmp_path / "train-00000-of-00001.parquet"
    pets.to_parquet(path, batch_size=group)
    assert pq.ParquetFile(path).num_row_groups == -(-6 // group)
    check_pets(open_source(path, trusted=False), prefix=path.name, split="train")


def test_shards_of_splits_in_a_folder(tmp_path: Path, pets: Any) -> None:
    (tmp_path / "data").mkdir()
    names = ["train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"]
    for n, name in enumerate(names):
        pets.select([2 * n, 2 * n + 1]).to_parquet(tmp_path / "data" / f"{name}.parquet")
    task = open_source(tmp_path)
    assert [(e.key.split("/")[1].split(".")[0], e.split) for e in task.entries] == [
        ("test-00000-of-00001", "test"),
        *[("train-00000-of-00002", "train")] * 2,
        *[("train-00001-of-00002", "train")] * 2,
    ]
    assert sorted(numbers(task).values()) == [0, 1, 2, 3, 5]


def test_a_folder_that_datasets_saved(tmp_path: Path, pets: Any) -> None:
    pets.save_to_disk(tmp_path / "pets", num_shards=1)
    task = open_source(tmp_path / "pets", trusted=False)
    check_pets(task, prefix="data-00000-of-00001.arrow", split=None)


def test_saved_splits_and_shards(tmp_path: Path, pets: Any) -> None:
    splits = datasets.DatasetDict(train=pets.select(range(4)), validation=pets.select([4, 5]))
    splits.save_to_disk(tmp_path / "pets", num_shards={"train": 2, "validation": 1})
    task = open_source(tmp_path / "pets")
    assert [entry.split for entry in task.entries] == ["train"] * 4 + ["val"]
    assert sorted(numbers(task).values()) == [0, 1, 2, 3, 5]


def test_datasets_need_not_be_installed(tmp_path: Path, pets: Any) -> None:
    pets.save_to_disk(tmp_path / "pets")
    code = (
        "import sys; sys.modules['datasets'] = None\n"
        "from task2vec.data.open import open_source\n"
        "print(len(open_source(sys.argv[1]).entries))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "pets"], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("5\n", "")


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, pets: Any) -> None:
    pets.to_parquet(tmp_path / "pets.parquet")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from task2vec.data.open import open_source\n"
        "from task2vec.errors import MissingExtraError\n"
        "try: open_source(sys.argv[1])\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "pets.parquet"], capture_output=True, text=True
    )
    assert "pip install 'task2vec[parquet]'" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "label", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.int16()]
)
@pytest.mark.parametrize("names", [("image", "label"), ("IMG", "Species"), ("jpg", "class")])
def test_plain_columns_are_told_by_type_and_name(
    tmp_path: Path, png: Png, label: pa.DataType, names: tuple[str, str]
) -> None:
    labels = [3, None, 5, 3] if label == pa.int16() else ["rose", None, "tulip", "rose"]
    columns = [
        pa.array([png(n) for n in range(4)]),
        pa.array(labels, pa.string() if labels[0] == "rose" else label).cast(label),
    ]
    pq.write_table(pa.table(columns, names=list(names)), tmp_path / "set.parquet")
    task = open_source(tmp_path / "set.parquet")
    assert task.classes == (("3", "5") if labels[0] == 3 else ("rose", "tulip"))
    assert numbers(task) == {f"set.parquet#row {n}": n for n in (0, 3, 2)}
    assert [entry.label for entry in task.entries] == [0, 1, 0]


@pytest.mark.parametrize(
    "columns",
    [
        {"picture_a": [b"x"], "picture_b": [b"y"], "label": [1]},
        {"image": ["path.png"], "label": [1]},
        {"image": [b"x"], "label": [0.5]},
        {"image": [b"x"], "label": [[0.5, 2]]},
        {"image": [b"x"], "size": [1]},
        {"image": [b"x"]},
    ],
)
def test_columns_that_do_not_tell_are_listed(tmp_path: Path, columns: dict[str, Any]) -> None:
    pq.write_table(pa.table(columns), tmp_path / "set.parquet")
    with pytest.raises(
        SourceError, match=r"do not tell images and labels.*Rename the two"
    ) as caught:
        open_source(tmp_path / "set.parquet")
    assert all(name in str(caught.value) for name in columns)


def test_rows_without_image_are_unreadable(tmp_path: Path, png: Png) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = pa.array(
        [{"bytes": png(0)}, {"bytes": png(1)}, None, {"path": "/etc/passwd"}, {"bytes": b"GIF"}],
        kind,
    )
    pq.write_table(pa.table({"image": images, "label": list("ababa")}), tmp_path / "set.parquet")
    sample = all_images(open_source(tmp_path / "set.parquet"), transform=np.asarray)
    assert sample.warnings == (
        "3 of 5 images could not be read: set.parquet#row 2 (no bytes of its own), "
        "set.parquet#row 3 (no bytes of its own), set.parquet#row 4 (text, not an image)",
    )


def test_shards_must_agree(tmp_path: Path, pets: Any) -> None:
    pets.to_parquet(tmp_path / "a.parquet")
    pets.cast_column("label", datasets.ClassLabel(names=["dog", "cat"])).to_parquet(
        tmp_path / "b.parquet"
    )
    with pytest.raises(SourceError, match=r"b.parquet of .* other columns or classes"):
        open_source(tmp_path)


@pytest.mark.parametrize("kind", [".zip", ".tar"])
def test_tables_in_archives_are_refused_with_the_way_out(
    tmp_path: Path, pets: Any, kind: str
) -> None:
    pets.to_parquet(tmp_path / "a.parquet")
    path = pack(tmp_path / f"set{kind}", {"a.parquet": (tmp_path / "a.parquet").read_bytes()})
    with pytest.raises(SourceError, match=r"a.parquet.*not read from archives.*Unpack it"):
        open_source(path)


@pytest.mark.parametrize(
    "state", ["{", "[]", '{"_data_files": 7}', '{"_data_files": [{"filename": "../../x"}]}']
)
def test_a_state_that_lists_nothing_usable(tmp_path: Path, pets: Any, state: str) -> None:
    pets.save_to_disk(tmp_path)
    (tmp_path / "state.json").write_text(state)
    with pytest.raises(SourceError, match=r"does not list|holds no images"):
        open_source(tmp_path, trusted=False)


def test_links_to_tables_outside_are_not_followed(tmp_path: Path, pets: Any) -> None:
    pets.to_parquet(tmp_path / "secret.parquet")
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "a.parquet").symlink_to(tmp_path / "secret.parquet")
    with pytest.raises(SourceError, match=r"holds no images.*symbolic link to something outside"):
        open_source(tmp_path / "sent", trusted=False)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_spoilt_tables_give_pixels_or_a_source_error(tmp_path: Path, pets: Any, kind: str) -> None:
    if kind == "parquet":
        path = tmp_path / "set.parquet"
        pets.to_parquet(path)
        source = path
    else:
        pets.save_to_disk(tmp_path / "set")
        source, path = tmp_path / "set", tmp_path / "set" / "data-00000-of-00001.arrow"
    outcomes, whole, random = set(), path.read_bytes(), np.random.default_rng(3)
    for _ in range(60):
        path.write_bytes(mutate(whole, other=whole, random=random))
        try:
            all_images(open_source(source, trusted=False), transform=np.asarray)
            outcomes.add("read")
        except SourceError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_rows_without_end_are_refused(tmp_path: Path, png: Png, monkeypatch) -> None:
    monkeypatch.setattr("task2vec.data.formats.tables.MAX_MEMBERS", 5)
    table = pa.table({"image": [png(0)] * 6, "label": list("ababab")})
    pq.write_table(table, tmp_path / "set.parquet")
    with pytest.raises(SourceError, match="too many rows"):
        open_source(tmp_path / "set.parquet")


def test_a_label_of_megabytes_is_no_name(tmp_path: Path, png: Png) -> None:
    table = pa.table({"image": [png(0)] * 4, "label": ["x" * 10**6, "y"] * 2})
    pq.write_table(table, tmp_path / "set.parquet", compression="zstd")
    with pytest.raises(SourceError, match="a label that is no name"):
        open_source(tmp_path / "set.parquet", trusted=False)


@pytest.mark.parametrize("codec", ["zstd", "lz4", None])
@pytest.mark.parametrize("label", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_compressed_streams_are_refused_before_they_are_unpacked(
    tmp_path: Path, png: Png, codec: str | None, label: pa.DataType
) -> None:
    labels = pa.array(["a", "b"] * 500).cast(label)
    table = pa.table({"image": [png(n % 2) for n in range(1000)], "label": labels})
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(tmp_path / "data.arrow", table.schema, options=options) as stream:
        stream.write_table(table)
    (tmp_path / "dataset_info.json").write_text("{}")
    if codec is None:
        assert len(open_source(tmp_path, trusted=False).entries) == 1000
    else:
        with pytest.raises(SourceError, match="A table is compressed"):
            open_source(tmp_path, trusted=False)


def test_the_class_label_of_hugging_face_may_have_any_name(tmp_path: Path, pets: Any) -> None:
    pets.rename_column("label", "kind").to_parquet(tmp_path / "pets.parquet")
    assert open_source(tmp_path / "pets.parquet").classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("length", "problem"),
    [(150_000, "an image with too many labels"), (20_000_000, "too long lists")],
)
def test_a_list_that_repeats_one_label_is_refused(
    tmp_path: Path, length: int, problem: str
) -> None:
    path = tmp_path / "set.parquet"
    path.write_bytes(long_list(length))
    assert path.stat().st_size < length // 10
    with pytest.raises(SourceError, match=problem):
        open_source(path)
