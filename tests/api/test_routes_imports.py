"""Embeddings that were computed elsewhere are looked at before they are stored."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import replace
from filled import NAMES
from running import Running, bearer, running

from task2vec.embedding.files import _checksum, write_embedding
from task2vec.types import Scope, TaskEmbedding

pytestmark = pytest.mark.anyio


def stored(server: Running) -> TaskEmbedding:
    return server.workspace.store().tasks.embedding("greek_capitals")


def written(embedding: TaskEmbedding, name: str = "imported") -> bytes:
    data = io.BytesIO()
    write_embedding(embedding, data, name=name)
    return data.getvalue()


def altered(data: bytes, **provenance: Any) -> bytes:
    """Return the file with other fields in its provenance: its checksum is of the numbers only."""
    with np.load(io.BytesIO(data)) as archive:
        arrays = {name: archive[name] for name in ("values", "errors", "replicates")}
        header = json.loads(str(archive["header"]))
    for field, value in provenance.items():
        place = header["provenance"]
        *path, last = field.split("__")
        for step in path:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    target = io.BytesIO()
    np.savez_compressed(target, **arrays, header=json.dumps(header))
    return target.getvalue()


async def send(server: Running, data: bytes, key: Any = None, **fields: Any) -> Any:
    return await server.client.post(
        "/v1/tasks:import",
        files={"embedding": ("t.npz", data)},
        data=fields,
        headers=bearer(key) if key else {},
    )


async def test_an_embedding_is_stored_bit_by_bit(server: Running) -> None:
    embedding = stored(server)
    answer = await send(server, written(embedding), tags=["a", "b"])
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/tasks/{answer.json()['id']}"
    got = server.workspace.store().tasks.embedding("imported")
    assert got.values.tobytes() == embedding.values.tobytes()
    assert got.provenance == embedding.provenance
    record = server.workspace.store().tasks.get("imported")
    assert (record.name, record.tags) == ("imported", ("a", "b"))
    original = server.workspace.store().tasks.get("greek_capitals")
    assert record.complexity == pytest.approx(original.complexity)
    assert list((server.workspace.path / "uploads").iterdir()) == []
    assert (await server.client.get("/v1/tasks/imported/thumbnail")).status_code == 404


async def test_a_taken_name_is_replaced_only_when_asked_to(server: Running) -> None:
    data = written(stored(server))
    taken = await send(server, data, name="emoji_food")
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    old = server.workspace.store().tasks.get("emoji_food")
    replaced = await send(server, data, name="emoji_food", update="true")
    assert (replaced.status_code, replaced.json()["id"]) == (201, old.id)
    provenance = server.workspace.store().tasks.get("emoji_food").provenance
    assert provenance == stored(server).provenance


async def test_an_embedding_that_nothing_compares_with_needs_an_admin(server: Running) -> None:
    other = altered(written(stored(server)), space__probe="other:0123")
    writer, admin = (server.key(scope, name=scope.value) for scope in (Scope.WRITE, Scope.ADMIN))
    refused = await send(server, other, writer)
    assert (refused.status_code, refused.json()["code"]) == (422, "space_mismatch")
    assert "other:0123" in refused.json()["got"]
    assert [t.name for t in server.workspace.store().tasks.list()] == NAMES
    assert (await send(server, other, admin)).status_code == 201


@pytest.mark.parametrize("scope", [Scope.WRITE, Scope.ADMIN])
async def test_an_embedding_has_the_elements_of_its_space(server: Running, scope: Scope) -> None:
    fine = stored(server)
    key = server.key(scope)
    for elements in (5, 2 * fine.values.size):
        parts = {
            part: np.resize(getattr(fine, part), (*getattr(fine, part).shape[:-1], elements))
            for part in ("values", "errors", "replicates")
        }
        refused = await send(server, written(replace(fine, **parts)), key)
        assert (refused.status_code, refused.json()["code"]) == (422, "space_mismatch")
        assert refused.json()["got"] == f"{elements:,}"
    assert [t.name for t in server.workspace.store().tasks.list()] == NAMES


async def test_the_first_embedding_of_a_store_brings_its_space(server, tmp_path: Path) -> None:
    data = written(stored(server))
    async with running(tmp_path / "empty") as empty:
        writer = empty.key(Scope.WRITE)
        assert (await send(empty, data, writer)).status_code == 201


#: Fields of a provenance, with a value that none can have; `...` leaves the field out.
IMPOSSIBLE: list[dict[str, Any]] = [
    {"images": 0},
    {"images": -1},
    {"images": 1.5},
    {"images": "24"},
    {"images": 10**30},
    {"images": 10**10},
    {"classes": 1},
    {"classes": 25},
    {"class_names": ["a"]},
    {"class_names": ["a", "b", "c", "d\n"]},
    {"class_names": ["a", "b", "c", "d" * 256]},
    {"draws": -1},
    {"draws": 10**7},
    {"seed": 2**63},
    {"class_names": ["a", "b", "c", "c"]},
    {"class_names": ["a", "b", "c", ""]},
    {"class_names": ["a", "b", "c", " "]},
    {"estimator": "made_up"},
    {"space__estimator": "made_up"},
    {"standard_error": float("nan")},
    {"standard_error": float("inf")},
    {"standard_error": -0.1},
    {"standard_error": 2.1},
    {"head__loss": float("nan")},
    {"head__gradient_norm": float("inf")},
    {"head__training_accuracy": 1.5},
    {"head__iterations": -1},
    {"probe_name": "../../etc/passwd"},
    {"probe_name": "/etc/passwd"},
    {"probe_name": "timm:../x"},
    {"probe_name": "a\\b"},
    {"seed": True},
    {"standard_error": "small"},
    {"probe_name": "x\x1b[31m"},
    {"probe_name": 5},
    {"content_hash": ...},
    {"versions": {"a": "b" * 1000}},
    {"versions": {str(n): "1" for n in range(101)}},
    {"versions": []},
    {"head__loss": None},
    {"head__converged": "yes"},
    {"head": {}},
    {"space__prior_precision": -1e-6},
    {"space__prior_precision": float("inf")},
    {"space__prior_precision": None},
    {"space__head_penalty": "0.01"},
    {"space__extra": 1},
    {"extra": 1},
]


async def test_a_provenance_that_cannot_be_is_refused(server: Running) -> None:
    data = written(stored(server))
    for provenance in IMPOSSIBLE:
        answer = await send(server, altered(data, **provenance))
        assert answer.status_code == 422, (provenance, answer.text)
        assert [t.name for t in server.workspace.store().tasks.list()] == NAMES, provenance
        assert list((server.workspace.path / "uploads").iterdir()) == [], provenance


async def test_replicates_of_more_groups_than_any_embedder_makes_are_refused(server) -> None:
    embedding = stored(server)
    for groups, status in ((65, 422), (64, 201)):
        replicates = np.resize(embedding.replicates, (groups, embedding.values.size))
        answer = await send(server, written(replace(embedding, replicates=replicates)))
        assert answer.status_code == status, answer.text


def bomb() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("values.npy", bytes(70 * 2**20))
    return data.getvalue()


def flipped(data: bytes) -> bytes:
    with np.load(io.BytesIO(data)) as archive:
        arrays = {name: archive[name].copy() for name in archive.files}
    arrays["values"][7] *= 2
    target = io.BytesIO()
    np.savez_compressed(target, **arrays)
    return target.getvalue()


def pickled() -> bytes:
    target = io.BytesIO()
    np.savez(target, values=np.array([{}], dtype=object), header="{}")
    return target.getvalue()


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda data: b"", 422),
        (lambda data: b"no archive", 422),
        (lambda data: data[: len(data) // 2], 422),
        (flipped, 422),
        (lambda data: pickled(), 422),
        (lambda data: bomb(), 413),
    ],
)
async def test_what_is_no_embedding_is_refused(server: Running, make, status: int) -> None:
    answer = await send(server, make(written(stored(server))))
    assert answer.status_code == status, answer.text
    assert str(server.workspace.path) not in answer.text
    assert "uploads" not in answer.text
    assert [t.name for t in server.workspace.store().tasks.list()] == NAMES


async def test_numbers_that_are_none_are_refused(server: Running) -> None:
    embedding = stored(server)
    values = embedding.values.copy()
    values[3] = np.nan
    data = io.BytesIO()
    header = {
        "format": "task2vec embedding 1",
        "name": "nan",
        "provenance": embedding.provenance.model_dump(),
        "sha256": _checksum(values, embedding.errors, embedding.replicates),
    }
    np.savez(
        data,
        values=values,
        errors=embedding.errors,
        replicates=embedding.replicates,
        header=json.dumps(header),
    )
    answer = await send(server, data.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


@pytest.mark.parametrize(
    ("fields", "files"),
    [
        ({"name": "x"}, {}),
        ({"name": "a\nb"}, {"embedding": ("t.npz", None)}),
        ({"tags": ["a", ""]}, {"embedding": ("t.npz", None)}),
        ({"tags": ["a\tb"]}, {"embedding": ("t.npz", None)}),
        ({"tags": [str(n) for n in range(51)]}, {"embedding": ("t.npz", None)}),
        ({"update": "perhaps"}, {"embedding": ("t.npz", None)}),
        ({"colour": "red"}, {"embedding": ("t.npz", None)}),
    ],
)
async def test_fields_that_do_not_fit_are_refused(server: Running, fields, files) -> None:
    data = written(replace(stored(server)))
    sent = {field: (name, data) for field, (name, _) in files.items()}
    answer = await server.client.post(
        "/v1/tasks:import", data=fields, files=sent or {"name": (None, "x")}
    )
    assert answer.status_code == 422, answer.text
    assert [t.name for t in server.workspace.store().tasks.list()] == NAMES
