"""Files that are no bundles, or that lie, are refused before anything is stored."""

import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from factories import make_embedding, replace
from safetensors.numpy import load, save

from task2vec.embedding.bundle import BundleContent, BundledOutcome, BundledTask
from task2vec.embedding.bundle_file import (
    FORMAT,
    MAX_BUNDLE_BYTES,
    MAX_HEADER_BYTES,
    MAX_MANIFEST_BYTES,
    _Manifest,
    write_bundle,
)
from task2vec.errors import InputError, TooLargeError
from task2vec.messages.bundles import BundleImport
from task2vec.service.bundles.importing import import_bundle
from task2vec.service.parsing.bundles import read_checked
from task2vec.service.workspace import Workspace
from task2vec.types.details import ClassRecognition, EmbeddingDetails, LayerElements
from task2vec.types.image_hashes import IMAGE_HASH

OUTCOME = BundledOutcome(
    model="efficientnet_lite0",
    task="a",
    accuracy=0.5,
    interval=None,
    protocol="fine-tuning",
    images=None,
    seed=None,
)
CONTENT = BundleContent(
    name="b",
    version="1",
    maker=None,
    created="2026-12-02T07:00:00.000+00:00",
    models={"efficientnet_lite0": "0" * 64},
    tasks=[BundledTask("a", make_embedding([1.0, 2.0, 3.0]))],
    outcomes=[OUTCOME],
)
Members = dict[str, bytes]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_bundle(CONTENT, tmp_path / "b")
    return tmp_path / "b"


def members(file: Path) -> Members:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(found: Members) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    return data.getvalue()


def honest(document: dict[str, Any], arrays: bytes) -> bytes:
    """Pack a document with the checksums that it needs, whatever else it says."""
    document["arrays"] = sha256(arrays).hexdigest()
    said = {name: value for name, value in document.items() if name not in ("created", "sha256")}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    document["sha256"] = sha256(text.encode()).hexdigest()
    return packed({"bundle.json": json.dumps(document).encode(), "arrays.safetensors": arrays})


def saying(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], bytes]:
    """Return what packs a bundle whose document was changed and is consistent in itself."""

    def made(found: Members) -> bytes:
        document = json.loads(found["bundle.json"])
        change(document)
        return honest(document, found["arrays.safetensors"])

    return made


def holding(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], bytes]:
    """Return what packs a bundle whose arrays were changed and is consistent in itself."""

    def made(found: Members) -> bytes:
        arrays = dict(load(found["arrays.safetensors"]))
        change(arrays)
        return honest(json.loads(found["bundle.json"]), save(arrays))

    return made


def kept_beside(**parts: Any) -> Callable[[Members], bytes]:
    """Return what packs a bundle whose task has other parts beside its embedding."""

    def made(_found: Members) -> bytes:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "b"
            write_bundle(replace(CONTENT, tasks=[replace(CONTENT.tasks[0], **parts)]), path)
            return path.read_bytes()

    return made


def long_header(found: Members) -> bytes:
    """Pack a bundle whose arrays have a header that is read, but for its length."""
    arrays = found["arrays.safetensors"]
    size = int.from_bytes(arrays[:8], "little")
    header = arrays[8 : 8 + size].ljust(MAX_HEADER_BYTES + 8)
    arrays = len(header).to_bytes(8, "little") + header + arrays[8 + size :]
    assert load(arrays).keys() == load(found["arrays.safetensors"]).keys()
    return honest(json.loads(found["bundle.json"]), arrays)


def details_of(images: int) -> EmbeddingDetails:
    half = ClassRecognition(images // 2, images // 2, {})
    return EmbeddingDetails(layers=(LayerElements("stem", 3),), classes=(half, half))


def task(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["tasks"][0]
    return found


def test_a_document_that_was_not_changed_is_read(file: Path) -> None:
    file.write_bytes(saying(lambda document: None)(members(file)))
    assert read_checked(file).outcomes == [OUTCOME]
    file.write_bytes(holding(lambda arrays: None)(members(file)))
    np.testing.assert_array_equal(read_checked(file).tasks[0].embedding.values, [1.0, 2.0, 3.0])


LIES: dict[str, Callable[[Members], bytes]] = {
    "nothing": lambda found: b"",
    "no archive": lambda found: b"no archive",
    "cut off": lambda found: packed(found)[:-200],
    "one member": lambda found: packed({"bundle.json": found["bundle.json"]}),
    "a third member": lambda found: packed({**found, "run.py": b"print(1)"}),
    "a flipped number": lambda found: packed(
        {**found, "arrays.safetensors": found["arrays.safetensors"][:-1] + b"\x7f"}
    ),
    "another name, the checksum left": lambda found: packed(
        {**found, "bundle.json": found["bundle.json"].replace(b'"b"', b'"c"')}
    ),
    "no JSON": lambda found: packed({**found, "bundle.json": b"\x80\x04pickle"}),
    "deep JSON": lambda found: packed({**found, "bundle.json": b"[" * 100_000}),
    "a header of 16 EiB": lambda found: honest(
        json.loads(found["bundle.json"]), b"\xff" * 8 + found["arrays.safetensors"][8:]
    ),
    "another format": saying(lambda d: d.update(format=f"{FORMAT}0")),
    "an unknown field": saying(lambda d: d.update(more=1)),
    "a name with a slash": saying(lambda d: d.update(name="../b")),
    "no task": saying(lambda d: d.update(tasks=[], outcomes=[])),
    "a task twice": saying(lambda d: d["tasks"].append(task(d))),
    "a name that hides": saying(lambda d: task(d).update(name="a\u200b")),
    "a maker that hides": saying(lambda d: d.update(maker="a\nb")),
    "a licence that hides": saying(lambda d: task(d).update(licence="a\x1b[2J")),
    "a tag that hides": saying(lambda d: task(d).update(tags=["\u2028"])),
    "no time": saying(lambda d: d.update(created="yesterday")),
    "one class": saying(lambda d: task(d)["provenance"].update(classes=1)),
    "a path as the probe": saying(lambda d: task(d)["provenance"].update(probe_name="/etc/x")),
    "an array header that is too long": long_header,
    "fewer image hashes than images": kept_beside(hashes=np.zeros(7, dtype=IMAGE_HASH)),
    "details of too many images": kept_beside(details=details_of(100_002)),
    "details of others": saying(
        lambda d: task(d).update(details={"layers": [["a", 7]], "classes": None})
    ),
    "an accuracy above 1": saying(lambda d: d["outcomes"][0].update(accuracy=1.5)),
    "an accuracy of text": saying(lambda d: d["outcomes"][0].update(accuracy="0.5")),
    "an interval turned round": saying(lambda d: d["outcomes"][0].update(interval=[0.9, 0.1])),
    "no protocol": saying(lambda d: d["outcomes"][0].update(protocol="")),
    "an outcome of no task": saying(lambda d: d["outcomes"][0].update(task="z")),
    "an outcome of no model": saying(lambda d: d.update(models={})),
    "no values": holding(lambda a: a.pop("0.values")),
    "values of another type": holding(lambda a: a.update({"0.values": np.ones(3)})),
    "a value that is none": holding(
        lambda a: a.update({"0.values": np.array([1, np.nan, 3], np.float32)})
    ),
    "a negative error": holding(lambda a: a.update({"0.errors": np.array([-1, 0, 0], np.float32)})),
    "too many replicates": holding(
        lambda a: a.update({"0.replicates": np.ones((65, 3), np.float16)})
    ),
    "arrays of no task": holding(lambda a: a.update({"1.values": np.ones(3, np.float32)})),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_no_bundle_is_refused(file: Path, tmp_path: Path, lie: str) -> None:
    file.write_bytes(LIES[lie](members(file)))
    with Workspace(tmp_path / "store") as workspace:
        with pytest.raises(InputError) as caught:
            import_bundle(workspace, BundleImport(), file)
        assert str(tmp_path) not in str(caught.value)
        assert workspace.existing_store() is None


@pytest.mark.parametrize(
    ("member", "most"),
    [("bundle.json", MAX_MANIFEST_BYTES), ("arrays.safetensors", MAX_BUNDLE_BYTES)],
)
def test_what_unpacks_to_too_much_is_refused(file: Path, member: str, most: int) -> None:
    """Also where it is packed no better than an archive may be."""
    noise = np.random.default_rng(0).bytes(2**30 // 200 + 2**16)
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("bundle.json", "arrays.safetensors"):
            archive.writestr(name, noise)
        archive.getinfo(member).file_size = most + 1
    with pytest.raises(TooLargeError, match="unpacks to more"):
        read_checked(file)


def test_a_bomb_is_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive:
        archive.getinfo("arrays.safetensors").file_size = 2**30
        archive.writestr("more", b"")
    with pytest.raises(InputError, match="like a decompression bomb") as found:
        read_checked(file)
    assert "Unpack it" not in str(found.value)


def test_what_is_kept_beside_an_embedding_is_read(file: Path) -> None:
    parts = {"hashes": np.zeros(8, dtype=IMAGE_HASH), "details": details_of(100_000)}
    file.write_bytes(kept_beside(**parts)(members(file)))
    found = read_checked(file).tasks[0]
    assert found.details == parts["details"]
    np.testing.assert_array_equal(found.hashes, parts["hashes"])


def test_image_hashes_of_another_scheme_are_left_out(file: Path) -> None:
    hashed = kept_beside(hashes=np.zeros(8, dtype=IMAGE_HASH))
    file.write_bytes(hashed(members(file)))
    file.write_bytes(saying(lambda d: task(d).update(hashes="dct 2"))(members(file)))
    assert read_checked(file).tasks[0].hashes is None


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_checked(tmp_path / "none")


def test_the_date_is_no_part_of_the_content(file: Path, tmp_path: Path) -> None:
    later = replace(CONTENT, created="2027-01-01T00:00:00.000+00:00")
    assert write_bundle(later, tmp_path / "later") == write_bundle(CONTENT, tmp_path / "now")
    other = replace(CONTENT, version="2")
    assert write_bundle(other, tmp_path / "other") != write_bundle(CONTENT, tmp_path / "now")
    document = json.loads(members(file)["bundle.json"])
    assert _Manifest.model_validate_json(json.dumps(document)).content() == document["sha256"]
