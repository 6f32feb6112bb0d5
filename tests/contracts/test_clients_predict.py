"""Every client classifies new images alike: the images stay here, the expert may come from afar."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client_kinds import KINDS, client_of, serving
from small_expert import add_expert, expert_file
from small_store import SmallStore

from task2vec.errors import InputError, SourceError, UnknownNameError, WeightsError
from task2vec.wire.jobs import Progress

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


def test_all_say_the_same_of_every_image(client: Any, local: Any, images: Path) -> None:
    told: list[str] = []
    progress: list[Progress] = []

    found = list(client.predict("small", images, warn=told.append, progress=progress.append))

    assert [each.path for each in found] == [str(path) for path in sorted(images.iterdir())]
    expected = list(local.predict("small", [images]))
    for each, same in zip(found, expected, strict=True):
        assert (each.label, each.error) == (same.label, same.error)
        if each.error is None:
            assert each.probabilities == pytest.approx(same.probabilities, abs=1e-6)
            assert each.probability == max(each.probabilities.values())
            assert len(each.probabilities) == CLASSES
    assert [each.path for each in found if each.error] == [str(images / "broken.png")]
    assert [(each.done, each.total) for each in progress] == [(n, 5) for n in range(1, 6)]
    assert any("calibrated on 12 images only" in warning for warning in told)


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
