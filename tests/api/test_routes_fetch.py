"""Data sets by the addresses of their images: off, refused, fetched, cancelled."""

from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from far_server import HOST, FarServer, far_server
from running import Running, running
from small_store import cut
from starlette.concurrency import run_in_threadpool

from task2vec.messages.datasets import Dataset
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.fetching import Fetcher
from task2vec_api.in_process_worker import Fetches
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def far() -> Iterator[FarServer]:
    with far_server() as server:
        yield server


@pytest.fixture(scope="module")
def manifest(far: FarServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = cut("emoji_food", tmp_path_factory.mktemp("far") / "food", classes=3, images=3)
    images = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        place = f"/{path.parent.name}/{path.name}".replace(" ", "_")
        far.pages[place] = (200, {}, path.read_bytes())
        images.append({"url": f"https://{HOST}{place}", "label": path.parent.name})
    return images


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    # The thread that the app starts itself may fetch from no host that this test uses.
    settings = Settings(access_log=False, fetch_hosts=(HOST,))
    async with running(tmp_path / "store", settings) as found:
        found.app.state.fetches.stop(10)
        yield found


@pytest.fixture
def fetches(server: Running, far: FarServer) -> Iterator[Fetches]:
    policy = FetchPolicy(hosts=(HOST,), networks=(ip_network("127.0.0.1/32"),))

    def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    fetcher = _OnPort(policy, far.port, resolver=resolver, trust=far.trust)
    yield Fetches(server.runtime, fetcher=fetcher)
    fetcher.close()


class _OnPort(Fetcher):
    """Finds the far server, which cannot listen on 443, where it listens."""

    def __init__(self, policy: FetchPolicy, port: int, **more: Any) -> None:
        from dataclasses import replace

        super().__init__(replace(policy, ports=frozenset({443, port})), **more)
        self._port = port

    def fetch(self, address: str, *, until: float = float("inf")) -> bytes:
        return super().fetch(address.replace(HOST, f"{HOST}:{self._port}"), until=until)


async def test_nothing_is_fetched_unless_hosts_are_named(tmp_path: Path, manifest) -> None:
    async with running(tmp_path / "store") as server:
        answer = await server.client.post("/v1/datasets", json={"name": "x", "images": manifest})
        assert (answer.status_code, answer.json()["code"]) == (422, "refused_address")
        assert server.workspace.store().jobs.list_page()[0] == ()


async def test_images_are_fetched_by_a_job(server, fetches, manifest, far: FarServer) -> None:
    asked = await server.client.post("/v1/datasets", json={"name": "food", "images": manifest})
    assert (asked.status_code, asked.json()["kind"]) == (202, "fetch")
    assert await run_in_threadpool(fetches.work) is True
    job = (await server.client.get(asked.headers["location"])).json()
    assert (job["state"], job["progress"]["done"]) == ("succeeded", 9), job
    dataset = (await server.client.get(f"/v1/datasets/{job['result']['id']}")).json()
    assert Dataset.model_validate(dataset) == Dataset.model_validate(job["result"])
    assert (dataset["name"], dataset["images"], dataset["classes"]) == ("food", 9, 3)
    assert await run_in_threadpool(fetches.work) is False


async def test_a_fetch_that_fails_says_why(server, fetches, manifest) -> None:
    broken = [{**image, "url": image["url"] + ".gone"} for image in manifest]
    asked = await server.client.post("/v1/datasets", json={"name": "food", "images": broken})
    await run_in_threadpool(fetches.work)
    job = (await server.client.get(asked.headers["location"])).json()
    assert (job["state"], job["error"]["code"]) == ("failed", "bad_source")
    assert list((server.workspace.path / "uploads").glob("*")) == []


async def test_a_fetch_that_leads_inside_fails_for_good(server, fetches, manifest, far) -> None:
    far.pages["/inside"] = (302, {"Location": "https://169.254.169.254/"}, b"")
    images = [*manifest, {"url": f"https://{HOST}/inside", "label": manifest[0]["label"]}]
    asked = await server.client.post("/v1/datasets", json={"name": "food", "images": images})
    await run_in_threadpool(fetches.work)
    job = (await server.client.get(asked.headers["location"])).json()
    assert (job["state"], job["attempts"]) == ("failed", 1)
    assert job["error"]["code"] == "refused_address"


async def test_a_fetch_is_given_back_when_the_server_stops(server, fetches, manifest) -> None:
    asked = await server.client.post("/v1/datasets", json={"name": "food", "images": manifest})
    fetches.stop(10)
    await run_in_threadpool(fetches.work)
    job = (await server.client.get(asked.headers["location"])).json()
    assert (job["state"], job["attempts"]) == ("queued", 0)


@pytest.mark.parametrize(
    "images",
    [
        [],
        [{"url": f"https://{HOST}/a.jpg", "label": "a"}],
        [{"url": "file:///etc/passwd", "label": "a"}] * 2,
        [{"url": "https://127.0.0.1/a.jpg", "label": "a"}] * 2,
        [{"url": "https://0x7f000001/a.jpg", "label": "a"}] * 2,
        [{"url": "https://127。0。0。1/a.jpg", "label": "a"}] * 2,
        [{"url": f"https://{HOST}:22/a.jpg", "label": "a"}] * 2,
        [{"url": f"https://a:b@{HOST}/a.jpg", "label": "a"}] * 2,
        [{"url": f"https://{HOST}/a.jpg", "label": "../a"}] * 2,
        [{"url": f"https://{HOST}/a.jpg", "label": "a", "split": "all"}] * 2,
        [{"url": f"https://{HOST}/a.jpg", "label": "a", "headers": {}}] * 2,
    ],
)
async def test_what_can_be_told_is_told_at_once(server: Running, images: list) -> None:
    answer = await server.client.post("/v1/datasets", json={"name": "x", "images": images})
    assert answer.status_code == 422, answer.text
    assert server.workspace.store().jobs.list_page()[0] == ()
