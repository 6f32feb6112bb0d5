"""Every error is a problem, and no problem says more than a stranger may know."""

import errno
import json
import re
from pathlib import Path

import pytest
from extra_routes import extra_routes
from running import Running, running

from task2vec import errors
from task2vec.errors import Task2VecError
from task2vec.service.problems import STATUS, hide, problem_of, scrub

pytestmark = pytest.mark.anyio


def every_error() -> list[type[Task2VecError]]:
    found, new = set(), {Task2VecError}
    while new:
        found |= new
        new = {below for kind in new for below in kind.__subclasses__()} - found
    return sorted(found, key=lambda kind: kind.__name__)


#: Written from the service's conventions, not from the code.
EXPECTED = {
    "bad_input": 422,
    "bad_source": 422,
    "bad_setting": 422,
    "space_mismatch": 422,
    "refused_address": 422,
    "bad_page_token": 422,
    "idempotency_key_reused": 422,
    "malformed": 400,
    "unknown_name": 404,
    "name_taken": 409,
    "wrong_state": 409,
    "still_at_work": 409,
    "answer_not_kept": 409,
    "lease_lost": 409,
    "changed": 412,
    "too_large": 413,
    "unauthenticated": 401,
    "not_allowed": 403,
    "refused_origin": 403,
    "store_busy": 503,
    "overloaded": 503,
    "rate_limited": 429,
    "slow_client": 408,
    "deadline_exceeded": 504,
    "store_full": 507,
    "missing_extra": 501,
}


@pytest.mark.parametrize("code", sorted(EXPECTED))
def test_each_code_has_its_status(code: str) -> None:
    kinds = [kind for kind in every_error() if kind.__dict__.get("code") == code]

    assert kinds, f"no error has the code {code}"
    assert [problem_of(kind("It did not work")).status for kind in kinds] == [EXPECTED[code]]


def test_no_error_is_without_a_status() -> None:
    for kind in every_error():
        assert any(parent in STATUS for parent in kind.__mro__) or (
            problem_of(kind("It did not work")).status == 500
        )


def test_a_problem_has_the_parts_of_its_error() -> None:
    error = errors.SettingError("k is off", expected="1 or more", got="0", remedy="Give another.")

    problem = problem_of(error, request_id="req_1")

    assert problem.model_dump(exclude={"fields"}) == {
        "type": "https://task2vec.dev/errors/bad_setting",
        "title": "A setting outside its range",
        "status": 422,
        "code": "bad_setting",
        "detail": "k is off.",
        "expected": "1 or more",
        "got": "0",
        "remedy": "Give another.",
        "request_id": "req_1",
    }


def test_folders_of_this_machine_are_not_told(tmp_path: Path) -> None:
    hide(tmp_path / "store")
    where = tmp_path / "store" / "datasets" / "photos.zip"

    problem = problem_of(errors.SourceError(f"{where} is no archive", got=f"a link to {where}"))

    assert problem.detail == "datasets/photos.zip is no archive."
    assert str(tmp_path) not in problem.model_dump_json()


def test_nothing_but_whole_paths_is_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hide(Path("s"))
    store = tmp_path / "s"
    told = {
        f"with t2v_0123456789ab_{'k' * 43}, as": "with [redacted], as",
        "no progress, as it seems": "no progress, as it seems",
        f"{store}/a.zip is there": "a.zip is there",
        f"in '{store}'": "in '(a folder of the server)'",
        f"{store}": "(a folder of the server)",
        f"see file:{store}/x": "see file:x",
        f"https://h.example{store}/x": f"https://h.example{store}/x",
        f"{store}tore/x": "store/x",
    }

    assert {text: scrub(text) for text in told} == told


@pytest.mark.parametrize(
    "kind",
    [errors.StoreError, errors.StoreCorruptError, errors.StoreBusyError, errors.NoStoreError],
)
def test_what_the_database_says_is_for_the_log(kind: type[errors.StoreError]) -> None:
    told = problem_of(kind("The database /srv/secret/task2vec.sqlite3 failed", got="row 17"))

    assert "secret" not in told.model_dump_json()
    assert "row 17" not in told.model_dump_json()


async def test_a_fault_tells_its_request_id_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fault = ValueError(f"in {tmp_path}/secret")
    async with running(tmp_path / "s", routers=[extra_routes(error=fault)]) as it:
        answer = await it.client.get("/v1/extra/fail", headers={"X-Request-ID": "mine-1"})

    assert answer.status_code == 500
    assert (answer.json()["code"], answer.json()["request_id"]) == ("internal", "mine-1")
    assert "secret" not in answer.text
    assert "ValueError" not in answer.text
    assert "secret" in caplog.text, "the log is where it can be looked up"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_is_told_wherever_it_is_met(tmp_path: Path, number: int) -> None:
    error = OSError(number, "No space left on device", f"{tmp_path}/upload")
    async with running(tmp_path / "s", routers=[extra_routes(error=error)]) as it:
        answer = await it.client.get("/v1/extra/fail")

    assert (answer.status_code, answer.json()["code"]) == (507, "store_full")
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nowhere", None, 404, "unknown_route"),
        ("GET", "/v1/nowhere", None, 404, "unknown_route"),
        ("DELETE", "/v1/extra/whoami", None, 405, "method_not_allowed"),
        ("POST", "/v1/extra/count", b"{", 400, "malformed"),
        ("POST", "/v1/extra/count", b"\xff", 400, "malformed"),
        ("POST", "/v1/extra/count", b'{"left": 1}', 422, "bad_input"),
        ("POST", "/v1/extra/count", b"[]", 422, "bad_input"),
        ("GET", "/v1/extra/numbers/one", None, 422, "bad_input"),
    ],
)
async def test_what_the_framework_refuses_is_a_problem_too(
    it: Running, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await it.client.request(method, path, content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    if status == 405:
        assert answer.headers["allow"] == "GET"
    if status == 404:
        told = answer.json()
        assert told["title"] == "There is no such route"
        assert "nowhere" not in answer.text
        assert "/openapi.json" in told["remedy"]
        assert "ends before /v1" in told["remedy"]


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (b'{"left": 1,\n "right" 2}', "Expecting ':' delimiter at line 2, column 10"),
        (b'{"left": \xff}', "other bytes from byte 10 on"),
        (b"[" * 5_000, "lists or objects that are nested too deeply"),
    ],
    ids=["no colon", "no text", "deep"],
)
async def test_where_a_body_ceases_to_be_json_is_told(it: Running, body: bytes, got: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await it.client.post("/v1/extra/count", content=body, headers=headers)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "malformed")
    assert (told["detail"], told["got"]) == ("The body is no valid JSON.", got)


async def test_each_field_that_does_not_fit_is_named(it: Running) -> None:
    answer = await it.client.post("/v1/extra/count", json={"left": "one"})

    assert [(f["field"], f["problem"]) for f in answer.json()["fields"]] == [
        ("body.left", "Input should be a valid integer, unable to parse string as an integer"),
        ("body.right", "Field required"),
    ]
    assert json.dumps("one") not in answer.text


async def test_no_operation_passes_over_a_query_parameter_that_it_does_not_take(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "s") as it:
        document = (await it.client.get("/openapi.json")).json()
        operations = [
            (method.upper(), re.sub(r"\{[^}]*\}", "x", path))
            for path, item in document["paths"].items()
            for method in item
            if path.startswith("/v1/")
        ]
        answers = {
            operation: await it.client.request(*operation, params={"colour": "red"})
            for operation in operations
        }
        misspelt = await it.client.get("/v1/tasks", params={"tagg": "letters"})

    assert len(answers) > 40
    for operation, answer in answers.items():
        assert answer.status_code == 422, operation
        # For HEAD there is no body to say it in.
        if operation[0] != "HEAD":
            assert [f["field"] for f in answer.json()["fields"]] == ["query.colour"], operation
    assert [f["field"] for f in misspelt.json()["fields"]] == ["query.tagg"]
    assert misspelt.json()["fields"][0]["problem"].endswith("page_size, page_token, probe, tag")


async def test_a_parameter_that_is_no_list_is_taken_once(it: Running) -> None:
    tasks = await it.client.get("/v1/tasks?tag=a&page_size=5&tag=b")
    jobs = await it.client.get("/v1/jobs?state=queued&state=running")
    many = await it.client.get("/v1/tasks/nobody/neighbours?tags=a&tags=b")

    assert (tasks.status_code, jobs.status_code) == (422, 422)
    assert tasks.json()["fields"] == [
        {"field": "query.tag", "problem": "Taken once, and given 2 times"}
    ]
    assert many.status_code == 404, "as for any task that there is not"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ([("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "Idempotency-Key"),
        ([("Host", "localhost"), ("Host", "localhost")], "Host"),
        ([("Content-Encoding", "gzip")], "uncompressed"),
    ],
)
async def test_headers_that_could_be_read_in_two_ways_are_refused(
    it: Running, headers: list[tuple[str, str]], words: str
) -> None:
    answer = await it.client.post("/v1/extra/count", json={"left": 1, "right": 2}, headers=headers)
    counted = await it.client.post("/v1/extra/count", json={"left": 1, "right": 2})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "bad_setting")
    assert words in f"{problem['detail']} {problem.get('remedy')}"
    assert counted.json()["calls"] == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-DEF_123", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("ü", False)],
)
async def test_a_request_id_is_taken_over_when_it_is_harmless(
    it: Running, given: str, kept: bool
) -> None:
    headers = {"X-Request-ID": given.encode()}
    answer = await it.client.get("/livez", headers=headers)

    if kept:
        assert answer.headers["x-request-id"] == given
    else:
        assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/v1/tasks", "GET, POST"),
        ("PUT", "/v1/tasks:import", "POST"),
        ("PUT", "/v1/tasks/greek", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", "/v1/jobs/job_1:cancel", "POST"),
        ("OPTIONS", "/v1/jobs/job_1", "GET"),
        ("GET", "/v1/jobs/job_1:cancel", "POST"),
        ("GET", f"/v1/batches/{'b' * 300}:cancel", "POST"),
        ("DELETE", "/v1/batches/bat_1/items", "GET, POST"),
    ],
)
async def test_a_refused_method_is_told_all_that_there_are(
    it: Running, method: str, path: str, allowed: str
) -> None:
    answer = await it.client.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
