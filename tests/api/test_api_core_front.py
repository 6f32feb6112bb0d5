"""What a browser is shown: the atlas, and how to call the server, without a network."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from running import BASE, Running, running

from task2vec.types import Scope
from task2vec_api.front import OPEN

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Loaded(HTMLParser):
    """Collects what a page links to, what it loads, and what is written in its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.inline = ""
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_script = tag == "script"
        assert not {name for name in given if name.startswith("on") or name == "style"}
        if tag == "a":
            self.links.append(given["href"] or "")
        elif tag in ("script", "link"):
            self.loads.append(given.get("src") or given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.inline += data.strip()


async def test_a_program_is_told_what_this_is_and_where_to_go(tmp_path: Path) -> None:
    async with running(tmp_path / "s") as it:
        it.key(Scope.READ)
        answer = await it.client.get("/")
        found = answer.json()
        reached = {
            name: (await it.client.get(link)).status_code for name, link in found["links"].items()
        }

    assert answer.headers["content-type"] == "application/json"
    assert (found["name"], "task2vec" in found["about"]) == ("task2vec", False)
    # No worker has loaded its network, and tasks need a key.
    assert reached == {"reference": 200, "openapi": 200, "ready": 503, "tasks": 401}


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_browser_gets_a_page_that_loads_from_here_only(it: Running, path: str) -> None:
    it.key(Scope.READ)
    page = await it.client.get(path, headers=BROWSER)
    read = Loaded()
    read.feed(page.text)
    answers = {
        address: await it.client.get(urljoin(f"{BASE}{path}", address))
        for address in (*read.links, *read.loads)
    }

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert read.inline == ""
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert read.loads
    for address, answer in answers.items():
        assert not re.match(r"\w+:|//", address), address
        assert answer.status_code == (503 if address == "readyz" else 200), address
        assert answer.content
    kinds = {address: answer.headers["content-type"] for address, answer in answers.items()}
    for address, kind in kinds.items():
        expected = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
        assert kind.startswith(expected.get(address.rpartition(".")[2], "")), address


@pytest.mark.parametrize("path", [path for path in sorted(OPEN) if path.startswith("/atlas/")])
async def test_a_file_of_the_atlas_comes_compressed_and_only_when_it_changed(
    it: Running, path: str
) -> None:
    plain = await it.client.get(path, headers={"Accept-Encoding": "identity"})
    small = await it.client.get(path, headers={"Accept-Encoding": "gzip, br"})
    etags = [answer.headers["etag"] for answer in (plain, small)]
    again = [await it.client.get(path, headers={"If-None-Match": etag}) for etag in etags]

    assert plain.content == small.content
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < 0.4 * len(plain.content)
    assert plain.headers["cache-control"] == "no-cache"
    # Each is of the form that is asked for.
    assert [answer.status_code for answer in again] == [200, 304]
    assert again[1].content == b""
    assert (await it.client.get(f"{path}x")).status_code == 404


@pytest.mark.parametrize("path", ["/atlas/atlas.js", "/openapi.json"])
@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip;q=0", False),
        ("br, gzip;q=0, *", False),
        ("x-notgzip", False),
        ("gzip;q=0.5, identity", True),
        ("deflate," * 200 + "gzip", True),
    ],
)
async def test_gzip_is_for_those_who_take_it(
    it: Running, path: str, accepted: str, compressed: bool
) -> None:
    answer = await it.client.get(path, headers={"Accept-Encoding": accepted})

    assert answer.status_code == 200
    assert ("content-encoding" in answer.headers) is compressed


@pytest.mark.parametrize("path", sorted(OPEN - {"/openapi.json"}))
async def test_head_tells_what_get_would(it: Running, path: str) -> None:
    whole, head = [await it.client.request(method, path) for method in ("GET", "HEAD")]

    assert head.status_code == 200
    for name in ("content-type", "content-length", "etag", "content-security-policy"):
        assert head.headers.get(name) == whole.headers.get(name), name


async def test_a_long_accept_header_is_read(it: Running) -> None:
    many = ", ".join(f"application/x-{number}" for number in range(60))
    page = await it.client.get("/", headers={"Accept": f"{many}, text/html"})

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


async def test_all_scripts_of_the_atlas_take_at_most_400_kilobytes(it: Running) -> None:
    scripts = [path for path in OPEN if path.startswith("/atlas/") and path.endswith(".js")]
    answers = [await it.client.get(path) for path in scripts]

    assert 100_000 < sum(int(answer.headers["content-length"]) for answer in answers) <= 400_000


async def test_the_reader_reads_the_document_of_this_server(tmp_path: Path) -> None:
    async with running(tmp_path / "s") as it:
        script = (await it.client.get("/docs/start.js")).text
        bundle = (await it.client.get("/docs/swagger-ui-bundle.js")).text
        document = (await it.client.get("/openapi.json")).json()

    assert 'url: "openapi.json"' in script
    assert "SwaggerUIBundle(" in script
    assert "SwaggerUIBundle" in bundle[:1000]
    # They describe themselves.
    assert not {"/", "/docs", "/atlas/atlas.js"} & set(document["paths"])
