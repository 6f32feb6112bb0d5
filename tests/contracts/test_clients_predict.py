"""Every client classifies new images alike, at a server or with its expert here."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client_kinds import client_of, until
from small_store import SmallStore

from task2vec.client.http import predictions
from task2vec.errors import InputError, SourceError, UnknownNameError, WeightsError
from task2vec.messages.jobs import Progress

CLASSES = 4


@pytest.fixture
def local(local_store: str) -> Iterator[Any]:
    with client_of("local", local_store) as made:
        yield made


@pytest.fixture
def images(small: SmallStore, tmp_path: Path) -> Path:
    """A few images in a folder, one of them broken."""
    folder = tmp_path / "new"
    folder.mkdir()
    for label in sorted((small.sources / "emoji_food").iterdir()):
        shutil.copy(min(label.iterdir()), folder / f"{label.name}.png")
    (folder / "broken.png").write_bytes(b"\x89PNG and no more")
    return folder


@pytest.mark.parametrize("here", [False, True], ids=["there", "here"])
def test_all_say_the_same_of_every_image(client: Any, local: Any, images: Path, here: bool) -> None:
    told: list[str] = []
    progress: list[Progress] = []

    found = list(
        client.predict("small", images, here=here, warn=told.append, progress=progress.append)
    )

    assert [each.path for each in found] == [str(path) for path in sorted(images.iterdir())]
    expected = list(local.predict("small", [images]))
    for each, same in zip(found, expected, strict=True):
        assert (each.label, each.error) == (same.label, same.error)
        if each.error is None:
            assert each.probabilities == pytest.approx(same.probabilities, abs=1e-6)
            assert each.probability == max(each.probabilities.values())
            assert len(each.probabilities) == CLASSES
    assert [each.path for each in found if each.error] == [str(images / "broken.png")]
    steps = [(each.done, each.total) for each in progress if each.stage == "predicting"]
    assert steps == sorted(steps)
    assert steps[-1] == (5, 5)
    assert sum("calibrated on 12 images only" in warning for warning in told) == 1


@pytest.mark.parametrize("kind", [".zip", ".tar.gz"])
def test_all_read_an_archive_alike(
    client: Any, local: Any, images: Path, tmp_path: Path, kind: str
) -> None:
    (images / "notes.txt").write_text("no image")
    form = {".zip": "zip", ".tar.gz": "gztar"}[kind]
    archive = Path(shutil.make_archive(str(tmp_path / "new"), form, images))
    told: list[str] = []

    found = list(client.predict("small", archive, warn=told.append))

    of_folder = {Path(each.path).name: each for each in local.predict("small", images)}
    assert sorted(each.path for each in found) == sorted(of_folder)
    for each in found:
        same = of_folder[each.path]
        assert (each.label, each.error) == (same.label, same.error)
    assert any("1 file left out" in warning for warning in told)


def test_what_cannot_be_is_refused_alike(client: Any, images: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        list(client.predict("nosuch", images))
    with pytest.raises(InputError, match=r"'efficientnet_lite1' has no classes.*finetune FOLDER"):
        list(client.predict("efficientnet_lite1", images))
    with pytest.raises(SourceError, match="cannot be opened"):
        list(client.predict("small", tmp_path / "nowhere"))
    with pytest.raises(InputError, match="'efficientnet_lite1' has no classes"):
        client.models.export("efficientnet_lite1", tmp_path / "a.onnx")
    with pytest.raises(InputError, match=r"\.safetensors or \.onnx"):
        client.models.export("small", tmp_path / "a.pth")
    assert not (tmp_path / "a.onnx").exists()


def test_an_iteration_may_stop_early(client: Any, images: Path) -> None:
    found = client.predict("small", images)
    assert next(iter(found)).path.endswith(".png")


def test_nothing_stays_with_a_server_but_the_answers(
    remote: Any, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several lots of two.
    monkeypatch.setattr(predictions, "_MOST_IMAGES", 2)
    before = {job.id for job in remote.jobs.list(kind="predict")}
    kept = list(remote.datasets.list())
    found = list(remote.predict("small", images))
    jobs = [job for job in remote.jobs.list(kind="predict") if job.id not in before]

    assert [each.path for each in found] == [str(path) for path in sorted(images.iterdir())]
    assert [job.state for job in jobs] == ["succeeded"] * 3
    assert list(remote.datasets.list()) == kept
    # What images are called here is told to nobody.
    told = json.dumps([job.result for job in jobs])
    assert not any(path.name in told for path in images.iterdir())


def test_a_server_gives_up_what_nobody_waits_for(remote: Any, images: Path) -> None:
    def interrupted(progress: Progress) -> None:
        if progress.stage == "predicting":
            raise RuntimeError("enough")

    before = {job.id for job in remote.jobs.list(kind="predict")}
    kept = list(remote.datasets.list())
    with pytest.raises(RuntimeError, match="enough"):
        list(remote.predict("small", images, progress=interrupted))
    (job,) = [job for job in remote.jobs.list(kind="predict") if job.id not in before]
    until(lambda: remote.jobs.get(job).state in ("succeeded", "cancelled"))
    # At the latest when the server tidies up.
    until(lambda: list(remote.datasets.list()) == kept, seconds=120)


def test_all_export_the_same_graph(client: Any, images: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")

    model = client.models.export("small", tmp_path / "small.onnx")

    session = onnxruntime.InferenceSession(tmp_path / "small.onnx")
    assert model.name == "small"
    assert session.get_modelmeta().custom_metadata_map["temperature"] == "0.4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "small.onnx"]


def test_an_altered_checkpoint_is_not_used(local_store: str, images: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(local_store, tmp_path / "store"))
    with client_of("local", str(store)) as client:
        (file,) = (store / "experts").glob(f"{client.models.get('small').id}*")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with client_of("local", str(store)) as client, pytest.raises(WeightsError, match="altered"):
        client.predict("small", images)
