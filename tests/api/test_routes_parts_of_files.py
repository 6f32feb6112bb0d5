"""A part of a file that cannot be given is a problem like any other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from filled import filled, zipped
from running import Running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with filled(tmp_path / "server") as found:
        yield found


async def sent(server: Running, folder: Path) -> str:
    """Upload a data set and return where its bytes are."""
    files = {"file": ("images.zip", zipped(folder), "application/zip")}
    answer = await server.client.post("/v1/datasets", files=files)
    assert answer.status_code == 201
    return f"/v1/datasets/{answer.json()['id']}/content"


@pytest.mark.parametrize("given", ["bytes=5-2", "bytes=", "apples=1-2", "bytes"])
async def test_a_range_that_is_none(server: Running, tmp_path: Path, given: str) -> None:
    content = await sent(server, tmp_path)
    answer = await server.client.get(content, headers={"Range": given})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["expected"] == "bytes=FIRST-LAST, FIRST at most LAST"
    assert answer.json()["got"] == given


async def test_a_range_behind_the_end(server: Running, tmp_path: Path) -> None:
    content = await sent(server, tmp_path)
    size = len((await server.client.get(content)).content)
    answer = await server.client.get(content, headers={"Range": f"bytes={size}-"})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert f"{size:,} bytes" in answer.json()["detail"]
