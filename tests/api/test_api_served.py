"""Which methods an address takes, as Allow tells."""

from pathlib import Path

import pytest
from running import running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/v1/tasks", "GET, POST"),
        ("PUT", "/v1/tasks/greek", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", "/v1/jobs/job_1:cancel", "POST"),
        ("OPTIONS", "/v1/jobs/job_1", "GET"),
        ("GET", "/v1/jobs/job_1:cancel", "POST"),
        ("GET", f"/v1/batches/{'b' * 300}:cancel", "POST"),
        ("DELETE", "/v1/batches/bat_1/items", "GET, POST"),
    ],
)
async def test_a_refused_method_is_told_all_that_there_are(
    tmp_path: Path, method: str, path: str, allowed: str
) -> None:
    async with running(tmp_path / "s") as it:
        answer = await it.client.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
