"""Images sent over HTTP to be classified, by a worker that this test plays."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from filled import built, filled, zipped
from running import Running, bearer
from small_expert import add_expert, expert_file
from small_store import cut

from task2vec.service.datasets import datasets
from task2vec.types import Scope

pytestmark = pytest.mark.anyio
KINDS = ["predict"]


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an expert of four kinds of food."""
    folder = tmp_path_factory.mktemp("expert")
    return expert_file(folder, cut("emoji_food", folder / "food"), temperature=0.4, images=12)


@pytest.fixture
async def server(tmp_path: Path, expert: Path) -> AsyncIterator[Running]:
    built()
    async with filled(tmp_path) as found:
        add_expert(found.workspace.path, expert)
        yield found


async def upload(server: Running, tmp_path: Path, **fields: str) -> Any:
    """Send two images without any class."""
    files = sorted(cut("greek_capitals", tmp_path / "cut").rglob("*.jpg"))[:2]
    sent = [("images", (f"{number}.jpg", file.read_bytes())) for number, file in enumerate(files)]
    data = {"name": "new", "labelled": "false", **fields}
    return await server.client.post("/v1/datasets", data=data, files=sent)


async def ask(server: Running, dataset: str, **question: Any) -> Any:
    body = {"model": "small", "dataset": dataset, **question}
    return await server.client.post("/v1/predictions", json=body)


async def hand_in(server: Running, rows: list[dict[str, Any]]) -> Any:
    """Take the job as a worker does, and end it with these rows."""
    taken = await server.client.post("/v1/leases", json={"worker": "w", "kinds": KINDS})
    lease = taken.json()
    findings = {"fence": lease["fence"], "seconds": 0.5, "warnings": ["rough"], "predicted": rows}
    return await server.client.post(
        f"/v1/leases/{lease['job']}:complete",
        files={"findings": (None, json.dumps(findings), "application/json")},
    )


def row(path: str, *shares: float) -> dict[str, Any]:
    return {"path": path, "shares": shares}


async def test_images_without_labels_are_classified(server: Running, tmp_path: Path) -> None:
    dataset = (await upload(server, tmp_path)).json()
    assert (dataset["images"], dataset["classes"]) == (2, 0)

    asked = await ask(server, dataset["id"])
    job = asked.json()
    assert (asked.status_code, job["kind"], job["name"]) == (202, "predict", "small")
    assert asked.headers["location"] == f"/v1/jobs/{job['id']}"
    rows = [row("0.jpg", 0.1, 0.6, 0.2, 0.1), {"path": "1.jpg", "error": "truncated"}]
    ended = (await hand_in(server, rows)).json()

    assert ended["state"] == "succeeded", ended
    first, second = ended["result"]["predictions"]
    classes = ended["result"]["classes"]
    assert len(classes) == 4
    assert first == {
        "path": "0.jpg",
        "label": classes[1],
        "probability": 0.6,
        "probabilities": dict(zip(classes, [0.1, 0.6, 0.2, 0.1], strict=True)),
        "error": None,
    }
    assert second == {
        "path": "1.jpg",
        "label": None,
        "probability": None,
        "probabilities": None,
        "error": "truncated",
    }
    assert ended["result"]["warnings"] == ["rough"]
    # It was not asked to be removed.
    assert (await server.client.get(f"/v1/datasets/{dataset['id']}")).status_code == 200


@pytest.mark.parametrize(
    "shares",
    [(0.5, 0.5), (0.9, 0.9, 0.1, 0.1), (-0.1, 0.6, 0.4, 0.1), (0.25, 0.25, 0.25, 1e400)],
    ids=["too few", "no shares", "negative", "infinite"],
)
async def test_what_no_classifier_gives_is_refused(
    server: Running, tmp_path: Path, shares: tuple[float, ...]
) -> None:
    dataset = (await upload(server, tmp_path)).json()
    job = (await ask(server, dataset["id"])).json()

    ended = (await hand_in(server, [row("0.jpg", *shares)])).json()

    assert ended.get("state") != "succeeded"
    shown = (await server.client.get(f"/v1/jobs/{job['id']}")).json()
    assert shown["result"] is None


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
async def test_the_images_are_removed_however_the_job_ends(
    server: Running, tmp_path: Path, end: str
) -> None:
    dataset = (await upload(server, tmp_path)).json()
    job = (await ask(server, dataset["id"], remove_dataset=True)).json()
    file = server.workspace.path / server.workspace.store().datasets.get(dataset["id"]).file
    server.app.state.maintenance.tidy()
    assert file.exists(), "a job still needs it"

    if end == "cancelled":
        await server.client.post(f"/v1/jobs/{job['id']}:cancel")
    else:
        await hand_in(server, [row("0.jpg", 1, 0, 0, 0)] if end == "succeeded" else [])
    assert (await server.client.get(f"/v1/jobs/{job['id']}")).json()["state"] == end
    server.app.state.maintenance.tidy()

    assert not file.exists()
    assert (await server.client.get(f"/v1/datasets/{dataset['id']}")).status_code == 404
    retried = await server.client.post(f"/v1/jobs/{job['id']}:retry")
    assert retried.status_code in (404, 409, 422)


async def test_a_data_set_that_is_kept_for_longer_stays(server: Running, tmp_path: Path) -> None:
    dataset = (await upload(server, tmp_path)).json()
    await ask(server, dataset["id"])
    await hand_in(server, [row("0.jpg", 1, 0, 0, 0)])

    assert datasets.sweep(server.workspace, time.time()) == []


async def test_labelled_images_are_classified_as_well(server: Running, tmp_path: Path) -> None:
    data = zipped(tmp_path, "greek_capitals", classes=2, images=3)
    sent = await server.client.post("/v1/datasets", files={"file": ("g.zip", data)})

    asked = await ask(server, sent.json()["id"])

    assert asked.status_code == 202


async def test_mistakes_are_told_at_once(server: Running, tmp_path: Path) -> None:
    dataset = (await upload(server, tmp_path)).json()["id"]

    async def refused(body: Mapping[str, Any], path: str = "/v1/predictions") -> Any:
        answer = await server.client.post(path, json=body)
        assert 400 <= answer.status_code < 500, answer.text
        return answer.json()

    plain = await refused({"model": "efficientnet_lite0", "dataset": dataset})
    assert "has no classes" in plain["detail"]
    assert "task2vec finetune FOLDER" in plain["remedy"]
    assert (await refused({"model": "smal", "dataset": dataset}))["status"] == 404
    assert (await refused({"model": "small", "dataset": "dst_nosuch"}))["status"] == 404
    # What has no labels is good for nothing else.
    for path in ("/v1/tasks", "/v1/search", "/v1/recommendations", "/v1/finetunings"):
        assert "without labels" in (await refused({"dataset": dataset}, path))["detail"]
    assert (await server.client.get("/v1/jobs")).json()["jobs"] == []


async def test_the_form_says_what_is_wrong_with_it(server: Running, tmp_path: Path) -> None:
    unclear = await upload(server, tmp_path, labelled="perhaps")
    assert unclear.status_code == 422
    assert "true or false" in unclear.json()["expected"]
    # A bare name says no class.
    bare = await upload(server, tmp_path / "bare", labelled="true")
    assert "label/name.jpg" in bare.json()["expected"]
    table = await server.client.post(
        "/v1/datasets", data={"labelled": "false"}, files={"file": ("a.npz", b"PK")}
    )
    assert "no archive of image files" in table.json()["detail"]


async def test_the_same_bytes_with_labels_want_another_name(
    server: Running, tmp_path: Path
) -> None:
    data = zipped(tmp_path, "greek_capitals", classes=2, images=3)
    file = {"file": ("g.zip", data)}
    await server.client.post("/v1/datasets", data={"labelled": "false"}, files=file)

    again = await server.client.post("/v1/datasets", files=file)
    assert again.status_code == 409
    assert "came without labels" in again.json()["detail"]
    other = await server.client.post("/v1/datasets", data={"name": "other"}, files=file)
    assert (other.status_code, other.json()["classes"]) == (201, 2)


async def test_a_key_that_only_reads_may_not_send_images(server: Running, tmp_path: Path) -> None:
    dataset = (await upload(server, tmp_path)).json()["id"]
    reader, writer = server.key(Scope.READ), server.key(Scope.WRITE, name="other")
    body = {"model": "small", "dataset": dataset}

    no = await server.client.post("/v1/predictions", json=body, headers=bearer(reader))
    yes = await server.client.post("/v1/predictions", json=body, headers=bearer(writer))

    assert (no.status_code, yes.status_code) == (403, 202)
