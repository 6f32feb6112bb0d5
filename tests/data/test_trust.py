"""Of what somebody sent, nothing is read but what lies in it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.errors import SourceError

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]


@pytest.fixture
def sent(tmp_path: Path, png: Png, write: Write) -> Path:
    """Return a folder beside which there is a secret image."""
    write(tmp_path, {"secret/image.png": png(99)})
    return write(tmp_path / "sent", {"a/1.png": png(1), "a/2.png": png(2), "b/3.png": png(3)})


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "path", ["{outside}", "../secret/image.png", "a/../../secret/image.png", "..\\secret", "C:\\x"]
)
def test_paths_that_lead_out_are_refused_with_their_line(sent: Path, kind: str, path: str) -> None:
    path = path.format(outside=sent.parent / "secret" / "image.png")
    rows = [("a/1.png", "x"), (path, "y")]
    if kind == "csv":
        text = "path,label\n" + "".join(f"{p},{label}\n" for p, label in rows)
    else:
        text = "".join(json.dumps({"path": p, "label": label}) + "\n" for p, label in rows)
    (sent / f"set.{kind}").write_text(text)
    with pytest.raises(SourceError, match=r"Line . of .*expected a path below the list"):
        open_source(sent / f"set.{kind}", trusted=False)
    assert len(open_source(sent / f"set.{kind}").entries) == 2


@pytest.mark.parametrize("link", ["file", "folder", "loop"])
def test_listed_links_that_lead_out_are_not_read(sent: Path, png: Png, link: str) -> None:
    secret = sent.parent / "secret"
    listed = {"file": "out.png", "folder": "out/image.png", "loop": "out.png"}[link]
    target = {"file": secret / "image.png", "folder": secret, "loop": sent / "out.png"}[link]
    (sent / Path(listed).parts[0]).symlink_to(target)
    (sent / "inside.png").symlink_to(sent / "b" / "3.png")
    rows = f"path,label\na/1.png,x\n{listed},x\ninside.png,y\nb/3.png,y\n"
    (sent / "set.csv").write_text(rows)
    task = open_source(sent / "set.csv", trusted=False)
    found = dict(task.reader.read([entry.key for entry in task.entries]))
    problem = str(found.pop(listed))
    assert problem.startswith("leads out of the source" if link != "loop" else "too many levels")
    assert found == {"a/1.png": png(1), "inside.png": png(3), "b/3.png": png(3)}
    if link != "loop":
        assert dict(open_source(sent / "set.csv").reader.read([listed])) == {listed: png(99)}


def test_nothing_tells_whether_there_is_something_outside(sent: Path) -> None:
    (sent / "there.png").symlink_to(sent.parent / "secret" / "image.png")
    (sent / "gone.png").symlink_to(sent.parent / "secret" / "gone.png")
    answers = []
    for name in ("there.png", "gone.png"):
        (sent / "set.csv").write_text(f"path,label\na/1.png,x\na/2.png,x\n{name},y\nb/3.png,y\n")
        task = open_source(sent / "set.csv", trusted=False)
        sample = all_images(task, transform=np.asarray)
        answers.append([line.replace(name, "") for line in (*task.warnings, *sample.warnings)])
    assert answers[0] == answers[1]


def test_a_file_that_becomes_a_link_after_listing_is_not_read(sent: Path) -> None:
    task = open_source(sent, trusted=False)
    (sent / "a" / "1.png").unlink()
    (sent / "a" / "1.png").symlink_to(sent.parent / "secret" / "image.png")
    ((_, found),) = task.reader.read(["a/1.png"])
    assert str(found).startswith("leads out of the source")


def test_a_folder_that_is_itself_named_by_a_link_is_read(sent: Path, png: Png) -> None:
    (sent.parent / "link").symlink_to(sent)
    task = open_source(sent.parent / "link", trusted=False)
    assert dict(task.reader.read(["a/1.png"])) == {"a/1.png": png(1)}
