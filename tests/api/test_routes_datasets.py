"""Data sets over HTTP: archives and single images, taken in as they arrive."""

import hashlib
import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from filled import zipped
from running import Running, all_pages, running
from small_store import cut

from task2vec.data.open import open_source
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    settings = Settings(access_log=False, upload_bytes=2_000_000)
    async with running(tmp_path / "store", settings) as found:
        yield found


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return zipped(tmp_path_factory.mktemp("zipped"))


def files(server: Running) -> list[str]:
    folders = (server.workspace.path / name for name in ("uploads", "datasets"))
    return [path.name for folder in folders for path in folder.glob("*")]


async def upload(server: Running, data: bytes, *, filename: str = "tops.zip", **fields: str):
    return await server.client.post("/v1/datasets", files={"file": (filename, data)}, data=fields)


async def test_an_archive_is_taken_in_and_given_back(server: Running, archive: bytes) -> None:
    sent = await upload(server, archive)
    assert sent.status_code == 201
    dataset = sent.json()
    assert sent.headers["location"] == f"/v1/datasets/{dataset['id']}"
    assert (dataset["name"], dataset["format"], dataset["images"]) == ("tops", ".zip", 12)
    assert dataset["sha256"] == hashlib.sha256(archive).hexdigest()
    assert (await server.client.get(sent.headers["location"])).json() == dataset
    content = await server.client.get(f"{sent.headers['location']}/content")
    assert content.content == archive
    etag = content.headers["etag"]
    assert etag == f'"{dataset["sha256"]}"'
    known = await server.client.get(
        f"{sent.headers['location']}/content", headers={"If-None-Match": etag}
    )
    assert (known.status_code, known.content) == (304, b"")
    part = await server.client.get(
        f"{sent.headers['location']}/content", headers={"Range": "bytes=10-19"}
    )
    assert (part.status_code, part.content) == (206, archive[10:20])


async def test_bytes_that_are_here_need_not_be_sent_again(server: Running, archive: bytes) -> None:
    first = (await upload(server, archive, name="shirts")).json()
    again = (await upload(server, archive, name="shirts")).json()
    assert again["id"] == first["id"]
    other = (await upload(server, archive, name="others")).json()
    found = await server.client.get("/v1/datasets", params={"sha256": first["sha256"]})
    assert {d["id"] for d in found.json()["datasets"]} == {first["id"], other["id"]}
    none = await server.client.get("/v1/datasets", params={"sha256": "0" * 64})
    assert none.json()["datasets"] == []
    bad = await server.client.get("/v1/datasets", params={"sha256": "../etc"})
    assert bad.status_code == 422


async def test_single_images_become_a_data_set(server: Running, tmp_path: Path) -> None:
    folder = cut("greek_capitals", tmp_path / "letters")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [("images", (path.relative_to(folder).as_posix(), path.read_bytes())) for path in paths]
    sent = await server.client.post("/v1/datasets", files=parts, data={"name": "letters"})
    assert sent.status_code == 201, sent.text
    dataset = sent.json()
    assert (dataset["images"], dataset["classes"], dataset["format"]) == (32, 4, ".tar")
    content = (await server.client.get(f"/v1/datasets/{dataset['id']}/content")).content
    assert hashlib.sha256(content).hexdigest() == dataset["sha256"]
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        got = {member.name: archive.extractfile(member).read() for member in archive}
    assert got == {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    task = open_source(server.workspace.path / "datasets" / f"{dataset['id']}.tar")
    assert task.classes == open_source(folder).classes


HOSTILE = [
    "../a.jpg",
    "../../../../etc/passwd.jpg",
    "/etc/cron.d/a.jpg",
    "a/../../b.jpg",
    "..%2f..%2fa/b.jpg/../..",
    "a/b\\..\\..\\c.jpg",
    "\\\\host\\share/b.jpg",
    "C:\\x\\b.jpg",
    "C:/a.jpg",
    "a/" + "b" * 300 + ".jpg",
    "a/" * 3000 + "b.jpg",
    "a/.b.jpg",
    ".ssh/authorized_keys.jpg",
    "a/b.jpg\u202e",
    "a\u2028/b.jpg",
    "a/b.sh",
    "a",
    "a/ b.jpg",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:25]))
async def test_no_file_name_escapes(server: Running, tmp_path: Path, name: str) -> None:
    outside = {path for path in tmp_path.rglob("*") if "store" not in path.parts}
    answer = await server.client.post(
        "/v1/datasets", files=[("images", (name, b"\xff\xd8\xff"))], data={"name": "x"}
    )
    # A header that is longer than any name is no form to begin with.
    expected = (400, "malformed") if len(name) > 4000 else (422, "bad_source")
    assert (answer.status_code, answer.json()["code"]) == expected
    assert files(server) == []
    assert {path for path in tmp_path.rglob("*") if "store" not in path.parts} == outside


@pytest.mark.parametrize(
    "name", [b"a/b\0.jpg", b"a\0/../b.jpg", b"../a.jpg\0", b"a/\xff.jpg", b"a/\t.jpg"]
)
async def test_no_file_name_escapes_in_bytes_that_no_client_sends(server, name: bytes) -> None:
    head = b'Content-Disposition: form-data; name="images"; filename="' + name + b'"'
    answer = await server.client.post(
        "/v1/datasets",
        content=b"--b\r\n" + head + b"\r\n\r\nx\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code in (400, 422), answer.text
    assert files(server) == []


@pytest.mark.parametrize(
    "name", ["../../x.zip", "/etc/x.zip", "a\\b\\x.zip", "C:\\x.zip", "x" * 150 + ".ZIP"]
)
async def test_the_name_of_an_archive_names_no_place(server, archive, name: str) -> None:
    answer = await upload(server, archive, filename=name)
    assert answer.status_code == 201
    dataset = answer.json()
    assert "/" not in dataset["name"]
    assert "\\" not in dataset["name"]
    assert files(server) == [f"{dataset['id']}.zip"]


@pytest.mark.parametrize(
    ("parts", "fields", "code"),
    [
        ([("file", ("a.zip", b"no archive"))], {}, "bad_source"),
        ([("file", ("a.exe", b"MZ"))], {}, "bad_source"),
        ([("file", ("a.csv", b"path,label\n/etc/passwd,x"))], {}, "bad_source"),
        ([("file", (".zip", b"x"))], {}, "bad_setting"),
        ([("other", ("a.zip", b"x"))], {}, "bad_input"),
        ([("file", ("a.zip", b"x")), ("file", ("b.zip", b"x"))], {}, "bad_input"),
        ([("file", ("a.zip", b"x")), ("images", ("a/b.jpg", b"x"))], {}, "bad_input"),
        (
            [("images", ("a/b.jpg", b"x")), ("images", ("a/b.jpg", b"y"))],
            {"name": "x"},
            "bad_source",
        ),
        ([("images", ("a/b.jpg", b"x"))], {}, "bad_input"),
        ([("images", ("a/b.jpg", b"x"))], {"name": "x"}, "bad_source"),
        ([("images", ("a/b.jpg", b"x"))], {"name": "a\nb"}, "bad_setting"),
        ([("images", ("a/b.jpg", b"x"))], {"name": "x" * 70_000}, "bad_input"),
        ([("images", ("a/b.jpg", b"x"))], {"colour": "red"}, "bad_input"),
        ([("name", ("a.zip", b"x"))], {}, "bad_input"),
    ],
)
async def test_a_form_that_cannot_be_used_leaves_nothing(server, parts, fields, code) -> None:
    answer = await server.client.post("/v1/datasets", files=parts, data=fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert str(server.workspace.path) not in answer.text
    assert files(server) == []


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=", b"x", 400),
        ("multipart/form-data; boundary=" + "b" * 300, b"x", 400),
        ("multipart/form-data; boundary=b", b"", 400),
        ("multipart/form-data; boundary=b", b"--c\r\n", 400),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n", 400),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\ncut',
            400,
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--b--\r\n',
            400,
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", 400),
        ("multipart/mixed; boundary=b", b"--b--\r\n", 415),
        ("text/plain", b"x", 415),
        ("application/json", b"{", 400),
        ("application/json", b"{}", 422),
    ],
)
async def test_a_body_that_is_no_form_is_refused(server, content_type, body, status) -> None:
    answer = await server.client.post(
        "/v1/datasets", content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert files(server) == []


async def test_more_than_is_taken_is_refused_while_it_comes(server: Running) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
        for _ in range(100):
            yield bytes(100_000)

    answer = await server.client.post(
        "/v1/datasets",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert files(server) == []


async def test_data_sets_come_newest_first_page_by_page(server: Running, archive: bytes) -> None:
    sent = [(await upload(server, archive, name=f"tops {n}")).json() for n in range(5)]
    pages = await all_pages(server, "/v1/datasets", size=2)
    found = [dataset for page in pages for dataset in page]
    assert sorted(found, key=lambda d: d["name"]) == sent
    assert [d["created"] for d in found] == sorted((d["created"] for d in found), reverse=True)


async def test_a_data_set_is_removed_unless_a_job_needs_it(server: Running, archive: bytes) -> None:
    dataset = (await upload(server, archive)).json()
    job = (await server.client.post("/v1/tasks", json={"dataset": dataset["id"]})).json()
    needed = await server.client.delete(f"/v1/datasets/{dataset['id']}")
    assert (needed.status_code, needed.json()["code"]) == (409, "wrong_state")
    assert job["id"] in needed.json()["got"]
    await server.client.post(f"/v1/jobs/{job['id']}:cancel")
    gone = await server.client.delete(f"/v1/datasets/{dataset['id']}")
    assert gone.status_code == 204
    assert files(server) == []
    for path in ("", "/content"):
        answer = await server.client.get(f"/v1/datasets/{dataset['id']}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_name")


async def test_a_server_without_pyarrow_does_not_blame_the_source(
    monkeypatch, tmp_path: Path
) -> None:
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    (lacking / "pyarrow.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(lacking)
    async with running(tmp_path / "store", confined=True) as server:
        refused = await upload(server, b"PAR1", filename="tops.parquet")
    assert (refused.status_code, refused.json()["code"]) == (501, "missing_extra")
    assert "on the server, not here" in refused.json()["detail"]
    assert "pip install 'task2vec[parquet]'" in refused.json()["remedy"]
    assert files(server) == []


@pytest.mark.parametrize("given", ["bytes=5-2", "bytes=", "apples=1-2", "bytes"])
async def test_a_range_that_is_none(server: Running, archive: bytes, given: str) -> None:
    content = f"{(await upload(server, archive)).headers['location']}/content"
    answer = await server.client.get(content, headers={"Range": given})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["expected"] == "bytes=FIRST-LAST, FIRST at most LAST"
    assert answer.json()["got"] == given


async def test_a_range_behind_the_end(server: Running, archive: bytes) -> None:
    content, size = f"{(await upload(server, archive)).headers['location']}/content", len(archive)
    answer = await server.client.get(content, headers={"Range": f"bytes={size}-"})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert f"{size:,} bytes" in answer.json()["detail"]
