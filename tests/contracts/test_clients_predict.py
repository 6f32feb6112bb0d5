"""Every client classifies new images alike, at a server or with its expert here."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client_kinds import KINDS, REMOTE, client_of, serving, until
from small_expert import add_expert, expert_file
from small_store import SmallStore

from task2vec.client.http import predictions
from task2vec.errors import InputError, SourceError, UnknownNameError, WeightsError
from task2vec.messages.jobs import Progress

CLASSES = 4


@pytest.fixture(scope="module")
def stores(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where each kind of client finds a store with one small expert."""
    folder = tmp_path_factory.mktemp("predict")
    file = expert_file(folder, small.sources / "emoji_food", temperature=0.4, images=12)
    for name in ("here", "there"):
        shutil.copytree(small.store, folder / name)
    # One expert, in both: an id and a name are the store's own.
    add_expert(folder / "here", file)
    shutil.rmtree(folder / "there")
    shutil.copytree(folder / "here", folder / "there")
    with serving(folder / "there") as url:
        yield {kind: str(folder / "here") if kind == "local" else url for kind in KINDS}


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, stores: dict[str, str]) -> Iterator[Any]:
    with client_of(request.param, stores[request.param]) as made:
        yield made


@pytest.fixture
def local(stores: dict[str, str]) -> Iterator[Any]:
    with client_of("local", stores["local"]) as made:
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


@pytest.mark.parametrize("kind", REMOTE)
def test_nothing_stays_with_a_server_but_the_answers(
    kind: str, stores: dict[str, str], images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several lots of two.
    monkeypatch.setattr(predictions, "_MOST_IMAGES", 2)
    with client_of(kind, stores[kind]) as client:
        before = {job.id for job in client.jobs.list(kind="predict")}
        found = list(client.predict("small", images))
        jobs = [job for job in client.jobs.list(kind="predict") if job.id not in before]

        assert [each.path for each in found] == [str(path) for path in sorted(images.iterdir())]
        assert [job.state for job in jobs] == ["succeeded"] * 3
        assert list(client.datasets.list()) == []
    # What images are called here is told to nobody.
    told = json.dumps([job.result for job in jobs])
    assert not any(path.name in told for path in images.iterdir())


@pytest.mark.parametrize("kind", REMOTE)
def test_a_server_gives_up_what_nobody_waits_for(
    kind: str, stores: dict[str, str], images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(progress: Progress) -> None:
        if progress.stage == "predicting":
            raise RuntimeError("enough")

    with client_of(kind, stores[kind]) as client:
        before = {job.id for job in client.jobs.list(kind="predict")}
        with pytest.raises(RuntimeError, match="enough"):
            list(client.predict("small", images, progress=interrupted))
        (job,) = [job for job in client.jobs.list(kind="predict") if job.id not in before]
        until(lambda: client.jobs.get(job).state in ("succeeded", "cancelled"))
        # At the latest when the server tidies up.
        until(lambda: list(client.datasets.list()) == [], seconds=120)


@pytest.mark.skipif(sys.platform != "linux", reason="the maps of a process are Linux's")
def test_the_server_loads_no_torch_for_it(stores: dict[str, str], images: Path) -> None:
    with client_of("blocking", stores["blocking"]) as client:
        assert list(client.predict("small", images))
    card = json.loads((Path(stores["local"]).parent / "there" / "server.json").read_text())
    maps = Path(f"/proc/{card['pid']}/maps").read_text()
    assert "sqlite" in maps
    assert "torch" not in maps


def test_all_export_the_same_graph(client: Any, images: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")

    model = client.models.export("small", tmp_path / "small.onnx")

    session = onnxruntime.InferenceSession(tmp_path / "small.onnx")
    assert model.name == "small"
    assert session.get_modelmeta().custom_metadata_map["temperature"] == "0.4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "small.onnx"]


def test_an_altered_checkpoint_is_not_used(
    stores: dict[str, str], images: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copytree(stores["local"], tmp_path / "store"))
    (file,) = (store / "experts").iterdir()
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with client_of("local", str(store)) as client, pytest.raises(WeightsError, match="altered"):
        client.predict("small", images)
