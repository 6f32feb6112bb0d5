"""Fills a served store over HTTP, so that generated requests have something to be about."""

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.examples import folder

Names = dict[str, list[str]]
"""Real identifiers by what they are of; ``spare_`` ones may be removed."""

_ARCHIVED = ("fashion_tops", "emoji_food")
_OUTCOMES = 5
_MODELS = ("timm:resnet18.tv_in1k",)


def fill_over_http(url: str, key: str, *, spare: int) -> Names:
    """Upload, import, register and queue a little of everything; return what there is.

    ``spare`` tasks, a third as many data sets and five times as many outcomes may be removed.
    """
    with httpx2.Client(
        base_url=f"{url}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=120
    ) as client:
        return _Filling(client).run(spare)


def archive(task: str, *, images: int = 4) -> bytes:
    """Return an archive of the first images of an example task's first classes."""
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "cut"
        classes = sorted(path for path in folder(task).iterdir() if path.is_dir())
        for label in classes[:3]:
            (target / label.name).mkdir(parents=True)
            for image in sorted(label.iterdir())[:images]:
                shutil.copy(image, target / label.name)
        return Path(shutil.make_archive(str(Path(scratch) / task), "zip", target)).read_bytes()


class _Filling:
    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def run(self, spare: int) -> Names:
        tasks = self._ids("/tasks", "tasks")
        datasets = [self._upload(name, name) for name in _ARCHIVED]
        spare_datasets = [self._upload("emoji_food", f"spare_{i}") for i in range(spare // 3)]
        vector = self._client.get(
            f"/tasks/{tasks[0]}/embedding", headers={"Accept": "application/octet-stream"}
        ).content
        spare_tasks = [self._import(vector, f"spare_{i}") for i in range(spare)]
        added = [self._post("/models", json={"ref": ref})["id"] for ref in _MODELS]
        jobs = [self._queue(datasets[0], f"queued_{i}") for i in range(3)]
        self._client.post(f"/jobs/{jobs[-1]}:cancel")
        items = [{"dataset": datasets[1], "name": "batched"}]
        batch = self._post("/batches", json={"items": items, "settings": {"images": 6}})
        outcomes = self._record(tasks, _OUTCOMES + 5 * spare)
        return {
            "task": tasks,
            "dataset": datasets,
            "model": [*self._ids("/models", "models"), *added],
            "spare_model": added,
            "job": jobs,
            "batch": [batch["id"]],
            "ref": list(_MODELS),
            "tag": ["example"],
            "probe": ["efficientnet_lite0"],
            "spare_task": spare_tasks,
            "spare_dataset": spare_datasets,
            "outcome": outcomes[:_OUTCOMES],
            "spare_outcome": outcomes[_OUTCOMES:],
        }

    def _ids(self, path: str, field: str) -> list[str]:
        # Names may be changed by a request.
        found = self._client.get(path).raise_for_status().json()[field]
        return [str(one["id"]) for one in found]

    def _upload(self, task: str, name: str) -> str:
        files = {"file": (f"{name}.zip", io.BytesIO(archive(task)))}
        return str(self._post("/datasets", files=files, data={"name": name})["id"])

    def _import(self, vector: bytes, name: str) -> str:
        files = {"embedding": ("task.npz", io.BytesIO(vector))}
        return str(self._post("/tasks:import", files=files, data={"name": name})["id"])

    def _queue(self, dataset: str, name: str) -> str:
        body = {"dataset": dataset, "name": name, "settings": {"images": 6}}
        return str(self._post("/tasks", json=body)["id"])

    def _record(self, tasks: list[str], count: int) -> list[str]:
        one = {"model": "efficientnet_lite0", "accuracy": 0.5}
        new = [{**one, "task": tasks[i % len(tasks)], "seed": i} for i in range(count)]
        found = self._post("/outcomes", json={"outcomes": new})["outcomes"]
        return [str(each["id"]) for each in found]

    def _post(self, path: str, **content: Any) -> dict[str, Any]:
        answer = self._client.post(path, **content)
        if answer.is_error:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text[:500]}")
        found: dict[str, Any] = answer.json()
        return found
