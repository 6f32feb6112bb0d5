"""A worker, played over HTTP with real embeddings."""

import io
import json
from collections.abc import Mapping
from typing import Any

from running import Running

from task2vec.embedding.files import write_embedding

KINDS = ["embed", "search", "distances", "recommend", "finetune"]


def exported(server: Running, task: str = "greek_capitals") -> bytes:
    """Return a real embedding as a worker would send it."""
    data = io.BytesIO()
    write_embedding(server.workspace.store().tasks.embedding(task), data, name=task)
    return data.getvalue()


async def lend(server: Running, **params: Any) -> Any:
    body = {"worker": "w1", "kinds": KINDS}
    return await server.client.post("/v1/leases", json=body, params=params)


async def complete(
    server: Running, lease: Mapping[str, Any], *, fence: int | None = None, **files: bytes
) -> Any:
    findings = {"fence": lease["fence"] if fence is None else fence, "seconds": 1.5}
    parts = {name.replace("_", "."): (name, data) for name, data in files.items()}
    return await server.client.post(
        f"/v1/leases/{lease['job']}:complete",
        files={"findings": (None, json.dumps(findings), "application/json"), **parts},
    )


async def events(server: Running, job: str, **headers: str) -> list[dict[str, Any]]:
    answer = await server.client.get(f"/v1/jobs/{job}/events", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append({**fields, "data": json.loads(fields["data"])})
    return found
