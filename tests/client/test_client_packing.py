"""What is uploaded: the same bytes for the same files, and the same task on the other side."""

import io
import os
import tarfile
from email.parser import BytesParser
from email.policy import HTTP
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small_store import cut

from task2vec import open_source
from task2vec.client.upload.pack import default_name, pack
from task2vec.client.upload.parts import part_of_bytes, tar_chunks, tar_length
from task2vec.client.upload.payload import Form, Payload
from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.task import Task
from task2vec.errors import SourceError
from task2vec.messages.tasks import TaskImport


def sent(payload: Payload, folder: Path) -> Path:
    """Write what a server receives; its hash and length are those that were told."""
    content = b"".join(payload.chunks())
    assert len(content) == payload.length
    assert sha256(content).hexdigest() == payload.sha256
    path = folder / f"received{payload.suffix}"
    path.write_bytes(content)
    return path


def facts(task: Task) -> list[tuple[str, str, str | None, bytes]]:
    """Return each image of a task with its label, split and bytes."""
    raw = dict(task.reader.read([entry.key for entry in task.entries]))
    return [
        (entry.key, task.classes[entry.label], entry.split, raw[entry.key])
        for entry in task.entries
    ]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return cut("emoji_food", tmp_path / "food", classes=2, images=3)


def test_a_folder_is_the_same_task_on_the_other_side(source: Path, tmp_path: Path) -> None:
    here, there = open_source(source), open_source(sent(pack(source), tmp_path))

    assert facts(there) == facts(here)
    assert len(here.entries) == 6


def test_the_same_files_are_the_same_bytes(source: Path, tmp_path: Path) -> None:
    copy = cut("emoji_food", tmp_path / "another", classes=2, images=3)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    (copy / ".hidden").write_text("x")

    assert pack(copy).sha256 == pack(source).sha256
    next(copy.rglob("*.png")).write_bytes(b"changed")
    assert pack(copy).sha256 != pack(source).sha256


def test_what_is_left_out_here_is_told_on_the_other_side(source: Path, tmp_path: Path) -> None:
    food = sorted(path for path in source.iterdir() if path.is_dir())[0]
    secret = tmp_path / "secret-place"
    secret.mkdir()
    (secret / "1.png").write_bytes(next(source.rglob("*.png")).read_bytes())
    (food / "linked.png").symlink_to(secret / "1.png")
    (source / "linked").symlink_to(secret)
    (food / "nothing.png").symlink_to("nowhere")
    os.mkfifo(food / "pipe.png")
    (source / "empty").mkdir()
    payload = pack(source)
    here, there = open_source(source), open_source(sent(payload, tmp_path))

    assert facts(there) == facts(here)
    left_out = " ".join(there.warnings)
    for name in ("linked.png", "linked", "nothing.png", "pipe.png", "empty"):
        assert name in left_out
        assert name in " ".join(here.warnings)
    # Where a link leads is nobody's business there.
    assert b"secret" not in b"".join(payload.chunks())


def test_a_folder_of_nothing_but_links_holds_no_files(source: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "food").symlink_to(source)

    with pytest.raises(SourceError, match="holds no files"):
        pack(tmp_path / "links")


def test_a_folder_that_cannot_be_opened_is_told(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    # The user who runs the tests may be allowed to open everything.
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceError, match=r"food cannot be opened.*permission denied"):
        pack(source)


def test_an_archive_is_sent_as_it_is(source: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "food.tar.gz", "w:gz") as archive:
        archive.add(source, ".")
    payload = pack(tmp_path / "food.tar.gz")

    assert (payload.name, payload.suffix) == ("food", ".tar.gz")
    assert b"".join(payload.chunks()) == (tmp_path / "food.tar.gz").read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_list_is_sent_with_the_images_that_it_names(
    source: Path, tmp_path: Path, suffix: str
) -> None:
    images = sorted(source.rglob("*.png"))
    named = {f"food/{path.relative_to(source)}": path.parent.name for path in images[:2]}
    named |= {f"food/{path.relative_to(source)}": path.parent.name for path in images[-2:]}
    lines = {
        ".csv": ["path,label", *(f"{path},{label}" for path, label in named.items())],
        ".jsonl": [f'{{"path": "{path}", "label": "{label}"}}' for path, label in named.items()],
    }[suffix]
    manifest = tmp_path / f"mine{suffix}"
    manifest.write_text("\n".join(lines))
    payload = pack(manifest)

    there = facts(open_source(sent(payload, tmp_path)))
    assert payload.name == "mine"
    assert {(key, label) for key, label, _, _ in there} == set(named.items())
    assert sorted(there) == sorted(facts(open_source(manifest)))


def test_a_list_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "l.csv").write_text("path,label\n../x.png,a\n")

    with pytest.raises(SourceError, match=r"Line 2 .* leads out"):
        pack(tmp_path / "a" / "l.csv")


def test_arrays_are_sent_as_pictures(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    task = task_from_arrays(images, ["a/b", "a/b", "c", "c"], name="mine")

    there = open_source(sent(pack(task), tmp_path))
    assert there.classes == ("a_b", "c")
    assert [entry.label for entry in there.entries] == [0, 0, 1, 1]
    assert pack(task).sha256 == pack(task).sha256
    from PIL import Image

    pixels = [np.asarray(Image.open(io.BytesIO(raw))) for *_, raw in facts(there)]
    np.testing.assert_array_equal(np.stack(pixels), images)


@pytest.mark.parametrize(
    ("name", "fault"),
    [("nowhere", "no such file"), ("x.txt", "'.txt'"), ("empty", "no files")],
)
def test_what_is_no_source_is_told_before_anything_is_sent(
    tmp_path: Path, name: str, fault: str
) -> None:
    (tmp_path / "x.txt").touch()
    (tmp_path / "empty").mkdir()

    with pytest.raises(SourceError, match=fault):
        pack(tmp_path / name)


def test_a_file_that_grows_is_told(source: Path) -> None:
    payload = pack(source)
    path = next(source.rglob("*.png"))
    path.write_bytes(path.read_bytes() + b"more")

    with pytest.raises(SourceError, match="changed while"):
        list(payload.chunks())


def test_names(source: Path, tmp_path: Path) -> None:
    assert default_name(source) == "food"
    assert default_name(f"{source}/") == "food"
    assert default_name(tmp_path / "a.b.tar.gz") == "a.b"
    assert default_name(str(tmp_path / "list.csv")) == "list"


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=300).filter(lambda name: "\0" not in name),
        st.binary(max_size=2000),
        max_size=5,
    )
)
def test_any_tar_is_as_long_as_was_told_and_reads_back(files: dict[str, bytes]) -> None:
    # tarfile takes a final slash for a folder, and lone surrogates cannot be written.
    files = {
        name: content
        for name, content in files.items()
        if not name.endswith("/") and name.isprintable()
    }
    parts = [part_of_bytes(name, content) for name, content in files.items()]
    content = b"".join(tar_chunks(parts))

    assert len(content) == tar_length(parts)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {m.name: archive.extractfile(m) for m in archive}
        assert {name: file.read() for name, file in members.items() if file} == files


def test_a_form_is_multipart_and_tells_its_progress(source: Path) -> None:
    told: list[tuple[int, int]] = []
    payload = Payload.of(lambda: iter([b"ab", b"cde"]), length=5, name='a"b\r\nc', suffix=".tar")
    counted = payload.counted(lambda *n: told.append(n))
    form = Form.of(TaskImport(name="näme", tags=("x",), update=True), {"file": counted})
    body = b"".join(form.chunks())

    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    parts = list(BytesParser(policy=HTTP).parsebytes(head + body).iter_parts())
    assert len(body) == form.length
    assert [part.get_param("name", header="content-disposition") for part in parts] == [
        "name",
        "tags",
        "update",
        "file",
    ]
    assert parts[0].get_payload(decode=True) == "näme".encode()
    assert parts[3].get_payload(decode=True) == b"abcde"
    assert parts[3].get_filename() == "a%22b%0D%0Ac.tar"
    assert parts[2].get_payload(decode=True) == b"true"
    assert told == [(0, 5), (5, 5)]


def test_progress_is_told_a_few_times_however_small_the_pieces(source: Path) -> None:
    told: list[tuple[int, int]] = []
    pieces, size = 1000, 500
    payload = Payload.of(
        lambda: iter([bytes(size)] * pieces), length=pieces * size, name="x", suffix=".tar"
    )
    for _ in payload.counted(lambda *n: told.append(n)).chunks():
        pass

    done = [done for done, _ in told]
    steps = [after - before for before, after in pairwise(done)]
    assert (done[0], done[-1]) == (0, pieces * size)
    assert all(64 * 1024 <= step < 64 * 1024 + size for step in steps[:-1])
    assert steps[-1] > 0


def test_several_labels_an_image_arrive_as_they_are(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 5, 5, 3), dtype=np.uint8)
    labels = np.array([[1, 0, 1], [np.nan, 1, 0], [1, 1, 0], [0, 0, 0]])
    task = task_from_arrays(pictures, labels, name="sky", classes=["sun", "a/b", "rain"])

    there = open_source(sent(pack(task), tmp_path))

    assert there.classes == task.classes == ("a/b", "rain", "sun")
    assert [entry.label for entry in there.entries] == [entry.label for entry in task.entries]
    read = dict(there.reader.read([entry.key for entry in there.entries]))
    for entry, picture in zip(there.entries, pictures, strict=True):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(read[entry.key]))), picture)


def test_a_list_of_several_labels_is_sent_with_its_images(tmp_path: Path) -> None:
    cut("emoji_food", tmp_path / "food", classes=2, images=2)
    paths = sorted(str(p.relative_to(tmp_path)) for p in (tmp_path / "food").rglob("*.png"))
    rows = [f"{path},{labels}" for path, labels in zip(paths, ["x;y", "y", "", "x"], strict=True)]
    (tmp_path / "set.csv").write_text("\n".join(["path,labels", *rows]))
    here = open_source(tmp_path / "set.csv")

    (tmp_path / "there").mkdir()
    there = open_source(sent(pack(tmp_path / "set.csv"), tmp_path / "there"))

    assert there.classes == here.classes == ("x", "y")
    assert [e.label for e in there.entries] == [e.label for e in here.entries]
