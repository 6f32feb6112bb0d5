"""Several labels per image: how they are listed, what a task and a sample of it hold."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import datasets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.multilabel import MISSING, LabelSet, SampledLabels, cover_first, label_matrix
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images, draw_sample
from task2vec.data.task import Task
from task2vec.errors import SourceError
from task2vec.types import Likelihood

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]

NAMES = ("cloud", "rain", "sun")
# One row per image; the last is nothing at all.
MATRIX = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0]])


@pytest.fixture
def folder(tmp_path: Path, png: Png, write: Write) -> Path:
    return write(tmp_path, {f"{i}.png": png(i) for i in range(4)})


def matrix_of(task: Task) -> np.ndarray:
    sets = [entry.label for entry in task.entries]
    assert all(isinstance(each, LabelSet) for each in sets)
    return label_matrix(sets, len(task.classes))


def by_class(matrix: np.ndarray, *, marks: Mapping[int, str] = {0: "0", 1: "1", -1: ""}) -> str:
    rows = [f"{i}.png,{','.join(marks[v] for v in row)}" for i, row in enumerate(matrix)]
    return "\n".join([f"path,{','.join(NAMES)}", *rows, ""])


def listed(separator: str) -> str:
    rows = [
        f"{i}.png,{separator.join(name for name, has in zip(NAMES, row, strict=True) if has)}"
        for i, row in enumerate(MATRIX)
    ]
    return "\n".join(["path,labels", *rows, ""])


def lines(labels: Callable[[np.ndarray], object]) -> str:
    rows = [{"path": f"{i}.png", "labels": labels(row)} for i, row in enumerate(MATRIX)]
    return "\n".join(map(json.dumps, rows))


FORMS = {
    "semicolons.csv": listed(";"),
    "bars.csv": listed(" | "),
    "columns.csv": by_class(MATRIX),
    "truth.csv": by_class(MATRIX, marks={0: "False", 1: "TRUE"}),
    "floats.csv": by_class(MATRIX, marks={0: "0.0", 1: " 1.0"}),
    "lists.jsonl": lines(lambda row: [n for n, has in zip(NAMES, row, strict=True) if has]),
    "objects.jsonl": lines(lambda row: dict(zip(NAMES, map(int, row), strict=True))),
    "truth.jsonl": lines(lambda row: dict(zip(NAMES, map(bool, row), strict=True))),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("where", ["list", "folder"])
def test_every_form_tells_the_same(folder: Path, name: str, where: str) -> None:
    path = folder / (name if where == "list" else f"labels{Path(name).suffix}")
    path.write_text(FORMS[name])
    task = open_source(path if where == "list" else folder)
    assert task.likelihood is Likelihood.BERNOULLI
    assert task.classes == NAMES
    assert [entry.key for entry in task.entries] == [f"{i}.png" for i in range(4)]
    assert np.array_equal(matrix_of(task), MATRIX)
    assert "1 class with one image only: sun" in task.warnings


@pytest.mark.parametrize("mark", ["", "-1", "-1.0", "NaN", "na"])
def test_missing_labels(folder: Path, mark: str) -> None:
    known = MATRIX.copy()
    known[0, 1] = known[2, 2] = known[3, 0] = -1
    marks = {0: "0", 1: "1", -1: mark}
    (folder / "set.csv").write_text(by_class(known, marks=marks))
    assert np.array_equal(matrix_of(open_source(folder / "set.csv")), known)
    rows = [
        {
            "path": f"{i}.png",
            "labels": {n: [0, 1, None][v] for n, v in zip(NAMES, row, strict=True)},
        }
        for i, row in enumerate(known)
    ]
    # A class that an object does not name is as little known as one that it names as null.
    del rows[0]["labels"]["rain"]
    (folder / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert np.array_equal(matrix_of(open_source(folder / "set.jsonl")), known)


def test_one_name_counts_as_a_list_of_one(folder: Path) -> None:
    rows = [{"path": "0.png", "labels": "sun"}, {"path": "1.png", "labels": ["sun", "rain"]}]
    rows += [{"path": "2.png", "labels": 7}, {"path": "3.png", "labels": []}]
    (folder / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = open_source(folder / "set.jsonl")
    assert task.classes == ("7", "rain", "sun")
    assert matrix_of(task).tolist() == [[0, 0, 1], [0, 1, 1], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    "text",
    [
        "path,label\n0.png,a;b\n1.png,c\n",
        "path,species\n0.png,a|b\n1.png,c\n",
        "path,labels\n0.png,a b\n1.png,c\n",
        "path,present\n0.png,1\n1.png,0\n",
        "path,label,x,y\n0.png,a,1,0\n1.png,b,0,1\n",
    ],
)
def test_lists_of_one_label_an_image_stay_what_they_were(folder: Path, text: str) -> None:
    (folder / "set.csv").write_text(text)
    task = open_source(folder / "set.csv")
    assert task.likelihood is Likelihood.CATEGORICAL
    assert len(task.classes) == 2


def test_classes_that_tell_nothing_apart_are_left_out(folder: Path) -> None:
    wide = np.column_stack([MATRIX[:, :2], np.ones(4, int), np.zeros(4, int), [1, -1, -1, 1]])
    rows = [f"{i}.png,{','.join(map(str, row))}" for i, row in enumerate(wide)]
    (folder / "set.csv").write_text("\n".join(["path,cloud,rain,all,none,known", *rows]))
    task = open_source(folder / "set.csv")
    assert task.classes == ("cloud", "rain")
    assert task.warnings == (
        "3 classes left out, because no image or every image has it: all, known, none",
    )


def test_an_image_of_which_nothing_is_known_is_left_out(folder: Path) -> None:
    known = MATRIX.copy()
    known[1] = -1
    (folder / "set.csv").write_text(by_class(known))
    task = open_source(folder / "set.csv")
    assert [entry.key for entry in task.entries] == ["0.png", "2.png", "3.png"]
    assert "1 image left out, without any known label: 1.png" in task.warnings


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "path,labels\n0.png,a;b\n1.png,a|c\n", "separated in two ways"),
        ("a.csv", "path,a,b\n0.png,1,0\n1.png,1,2\n", "Line 3 .* expected 1, 0, .* '2' for 'b'"),
        ("a.csv", "path,a,b\n0.png,x,y\n", "does not name the columns"),
        ("a.csv", "path,a,A\n0.png,1,0\n", "does not name the columns"),
        ("a.csv", "path,a,b\n0.png,1,-1\n1.png,-1,1\n", "-1 but no 0"),
        ("a.csv", "path,a,b\n0.png,1,1\n1.png,0,1\n", "only one class that some images have"),
        ("a.csv", "path,labels\n0.png,;\n1.png,;\n", "only one class"),
        ("a.csv", "path,a,b,split\n0.png,1,1,hold\n", "Line 2 .* a split"),
        ("a.jsonl", '{"path": "0.png", "labels": ["a", 1.5]}', "Line 1 .* got 1.5 in a list"),
        ("a.jsonl", '{"path": "0.png", "labels": ["a", " "]}', "Line 1 .* got ' ' in a list"),
        ("a.jsonl", '{"path": "0.png", "labels": {"a": "x"}}', "Line 1 .* got 'x' for 'a'"),
        ("a.jsonl", '{"path": "0.png", "labels": {"a": 1, "a ": 0}}', "name of their own"),
        ("a.jsonl", '{"path": "0.png", "labels": ["\\ud800"]}', "Line 1 .* expected text"),
        (
            "a.jsonl",
            '{"path": "0.png", "labels": ["a"]}\n{"path": "./0.png", "labels": ["b"]}',
            "listed otherwise in line 1",
        ),
    ],
)
def test_what_is_wrong_is_said(folder: Path, name: str, text: str, problem: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(SourceError, match=problem):
        open_source(folder / name)


def images(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def test_arrays_and_their_file(tmp_path: Path) -> None:
    known = np.array([[1, 0, np.nan], [0, 1, 1], [1, 1, 0], [0, 0, 0]])
    task = task_from_arrays(images(4), known, name="x", classes=["z", "a", "b"])
    assert task.classes == ("a", "b", "z")
    assert matrix_of(task).tolist() == [[0, MISSING, 1], [1, 1, 0], [1, 0, 1], [0, 0, 0]]
    np.savez(tmp_path / "x.npz", images=images(4), labels=known)
    assert (
        matrix_of(open_source(tmp_path / "x.npz")).tolist()
        == np.nan_to_num(known, nan=MISSING).astype(int).tolist()
    )


@pytest.mark.parametrize(
    ("labels", "classes", "problem"),
    [
        (np.array([[0, 1], [2, 0]]), None, "wrong type"),
        (np.array([["a", "b"], ["c", "d"]]), None, "wrong type"),
        (np.array([[0, 1], [1, 0]]), ["a"], "do not fit"),
        (np.broadcast_to(np.int8(0), (2, 2**28)), None, "too many labels"),
        (np.array([[0, 1], [1, 0]]), ["a", "a"], "do not fit"),
    ],
)
def test_arrays_of_anything_else_are_refused(labels, classes, problem) -> None:
    with pytest.raises(SourceError, match=problem):
        task_from_arrays(images(2), labels, name="x", classes=classes)


def several(labels: np.ndarray) -> Task:
    return task_from_arrays(images(len(labels)), labels, name="x")


def test_a_sample_is_drawn_at_random_but_no_class_is_lost() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random((200, 6)) < 0.5).astype(int)
    # Two classes that are rare, and one that is nearly everywhere.
    labels[:, 0], labels[:, 1], labels[:, 2] = 0, 0, 1
    labels[[17, 90, 150], 0] = labels[[20, 90], 1] = 1
    labels[[3, 120], 2] = 0
    drawn = [
        draw_sample(several(labels), images=20, seed=s, transform=np.asarray) for s in range(9)
    ]
    places = []
    for sample in drawn:
        assert len(sample.images) == 20
        assert sample.likelihood is Likelihood.BERNOULLI
        rows = [int(key.removeprefix("image ")) for key in sample.keys]
        assert np.array_equal(sample.labels, labels[rows])
        heads = [int(digest[:16], 16) for digest in sample.digests]
        assert sample.hashes["digest"].tolist() == heads
        for column in range(6):
            assert min((sample.labels[:, column] == v).sum() for v in (0, 1)) >= 2
        places += np.flatnonzero(sample.labels[:, :2].any(axis=1)).tolist()
    # Images that no sample can do without do not come first: any part is like the whole.
    assert 6 < np.mean(places) < 13
    assert drawn[0].keys != drawn[1].keys
    # Whatever is not needed for a class is as likely as in the whole.
    assert 0.2 < np.mean([sample.labels[:, 3:].mean() for sample in drawn]) < 0.8


def test_positives_of_many_classes_may_exceed_the_number_of_images() -> None:
    sample = draw_sample(several(np.eye(12, dtype=int)), images=4, seed=0, transform=np.asarray)
    assert sample.classes == tuple(sorted(map(str, range(12))))
    assert len(sample.images) == 12


def test_a_class_that_no_readable_image_has_is_left_out(folder: Path) -> None:
    (folder / "set.csv").write_text(by_class(MATRIX))
    (folder / "0.png").write_bytes(b"no image")
    sample = all_images(open_source(folder / "set.csv"), transform=np.asarray)
    assert sample.classes == ("cloud", "rain")
    assert sample.labels.tolist() == [[0, 1], [1, 1], [0, 0]]
    assert "1 class left out, which no image that was read has or every one has: sun" in (
        sample.warnings
    )


def test_too_few_classes_to_tell_apart() -> None:
    with pytest.raises(SourceError, match="do not tell classes apart"):
        SampledLabels.of([LabelSet((0, 1)), LabelSet((0,))], ["a", "b"], source="x")


def test_more_labels_than_memory_could_hold_are_refused(tmp_path: Path) -> None:
    # One line per image, each with a name of its own: 2 MB of text, 400 MB of labels.
    rows = (f'{{"path": "{i}.png", "labels": ["{i}"]}}\n' for i in range(20_000))
    (tmp_path / "set.jsonl").write_text("".join(rows))
    with pytest.raises(SourceError, match=r"too many labels.*20,000 images and 20,000 classes"):
        open_source(tmp_path / "set.jsonl")


def test_the_content_hash_is_that_of_images_and_labels() -> None:
    base = several(MATRIX)

    def content(task: Task) -> str:
        return all_images(task, transform=np.asarray).content_hash

    # Another order of images and of columns, under the same names.
    order, columns = [2, 0, 3, 1], [1, 2, 0]
    moved = task_from_arrays(
        images(4)[order], MATRIX[order][:, columns], name="y", classes=[str(c) for c in columns]
    )
    assert content(moved) == content(base)
    unknown = MATRIX.astype(float)
    unknown[3, 0] = np.nan
    assert len({content(several(each)) for each in (MATRIX, 1 - MATRIX, unknown)}) == 3
    # One label each, and told as such: another likelihood, another task.
    labels = np.arange(4) % 3
    assert content(several(np.eye(3, dtype=int)[labels])) != content(
        task_from_arrays(images(4), labels, name="x")
    )


@given(st.lists(st.tuples(*[st.sampled_from([0, 1, -1])] * 3), min_size=1, max_size=12))
def test_the_cover_covers(rows: list[tuple[int, ...]]) -> None:
    matrix = np.array(rows)
    sets = [
        LabelSet(tuple(np.flatnonzero(row == 1)), tuple(np.flatnonzero(row == -1)))
        for row in matrix
    ]
    assert np.array_equal(label_matrix(sets, 3), matrix)
    order, needed = cover_first(sets, 3, least=2)
    assert sorted(order) == list(range(len(rows)))
    assert needed <= 6
    for column in range(3):
        having = matrix[:, column] == 1
        assert having[order[:needed]].sum() >= min(2, having.sum())
    # Nobody is in the first part for nothing.
    for i in order[:needed]:
        assert (matrix[i] == 1).any()


@pytest.mark.parametrize("kind", ["numbers", "names"])
def test_lists_of_labels_in_tables_and_data_sets(tmp_path: Path, png: Png, kind: str) -> None:
    datasets.disable_progress_bars()
    rows: list[list[int] | None] = [[0, 2], [1], None, [], [2, 1]]
    labels = datasets.ClassLabel(names=["cat", "dog", "fox"])
    if kind == "names":
        labels = datasets.Value("string")
        named = [None if row is None else [["cat", "dog", "fox"][i] for i in row] for row in rows]
    held = datasets.Dataset.from_dict(
        {
            "image": [Image.open(BytesIO(png(n))) for n in range(5)],
            "labels": rows if kind == "numbers" else named,
        },
        features=datasets.Features(image=datasets.Image(), labels=datasets.Sequence(labels)),
    )
    held.to_parquet(tmp_path / "pets.parquet")
    held.save_to_disk(tmp_path / "pets")
    for source in (tmp_path / "pets.parquet", tmp_path / "pets", held):
        task = open_source(source)
        assert task.classes == ("cat", "dog", "fox")
        assert matrix_of(task).tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0], [0, 1, 1]]
        assert any("1 row left out, having no label" in warning for warning in task.warnings)
        sample = all_images(task, transform=lambda image: image.getpixel((0, 0))[0])
        assert list(sample.images) == [0, 1, 3, 4]
