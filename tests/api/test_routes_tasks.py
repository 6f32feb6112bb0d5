"""Tasks over HTTP: listed, shown, edited, removed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from filled import NAMES, filled
from running import Running

from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.tasks import Task

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with filled(tmp_path) as found:
        yield found


async def test_tasks_come_by_name_page_by_page(server: Running) -> None:
    stored = [
        Task.model_validate(record).model_dump(mode="json")
        for record in server.workspace.store().tasks.list()
    ]
    found, token, sizes = [], None, []
    while True:
        given = {"page_size": 3} | ({"page_token": token} if token else {})
        page = (await server.client.get("/v1/tasks", params=given)).json()
        sizes.append(len(page["tasks"]))
        found += page["tasks"]
        token = page["next_page_token"]
        if token is None:
            break
    assert found == stored
    assert sizes == [3, 1]


async def test_tasks_are_filtered_by_tag_and_probe(server: Running) -> None:
    server.workspace.store().tasks.edit("greek_capitals", tags=["letters", "ä"])
    for given, names in (
        ({"tag": "letters"}, ["greek_capitals"]),
        ({"tag": "ä"}, ["greek_capitals"]),
        ({"tag": "letter"}, []),
        ({"probe": "efficientnet_lite0"}, NAMES),
        ({"probe": "other"}, []),
    ):
        page = (await server.client.get("/v1/tasks", params=given)).json()
        assert [task["name"] for task in page["tasks"]] == names, given


@pytest.mark.parametrize("name", ["a/b", "../c", "a/b?c#d", "größe/1"])
async def test_a_task_that_no_path_can_hold_is_found_by_its_name(
    server: Running, name: str
) -> None:
    renamed = server.workspace.store().tasks.edit("greek_capitals", name=name)
    for asked, ids in ((name, [renamed.id]), ("greek_capitals", []), (renamed.id, [])):
        page = (await server.client.get("/v1/tasks", params={"name": asked})).json()
        assert [task["id"] for task in page["tasks"]] == ids
        assert page["next_page_token"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "bad_page_token"),
        (lambda token: token[1:], "bad_page_token"),
        (lambda token: "x" * 2000, "bad_page_token"),
        (lambda token: "", "bad_input"),
        (lambda token: "{}", "bad_input"),
        (lambda token: "\u0000", "bad_input"),
    ],
)
async def test_a_token_that_was_altered_is_refused(server: Running, change, code: str) -> None:
    page = (await server.client.get("/v1/tasks", params={"page_size": 1})).json()
    answer = await server.client.get(
        "/v1/tasks", params={"page_token": change(page["next_page_token"])}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_token_belongs_to_its_list_and_its_filters(server: Running) -> None:
    page = (await server.client.get("/v1/tasks", params={"page_size": 1})).json()
    token = page["next_page_token"]
    for path, given in (
        ("/v1/tasks", {"tag": "x"}),
        ("/v1/tasks", {"name": "x"}),
        ("/v1/models", {}),
        ("/v1/jobs", {}),
    ):
        answer = await server.client.get(path, params={"page_token": token, **given})
        assert answer.json()["code"] == "bad_page_token", path


async def test_head_answers_as_get_without_the_body(server: Running) -> None:
    shown = await server.client.get("/v1/tasks/greek_capitals")
    head = await server.client.head("/v1/tasks/greek_capitals")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == shown.headers["etag"]
    assert (await server.client.head("/v1/tasks/nothing")).status_code == 404


async def test_what_is_known_is_not_sent_again(server: Running) -> None:
    etag = (await server.client.get("/v1/tasks/greek_capitals")).headers["etag"]
    for header in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await server.client.get(
            "/v1/tasks/greek_capitals", headers={"If-None-Match": header}
        )
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    answer = await server.client.get("/v1/tasks/greek_capitals", headers={"If-None-Match": '"x"'})
    assert answer.status_code == 200


async def test_a_name_that_is_nearly_right_is_suggested(server: Running) -> None:
    answer = await server.client.get("/v1/tasks/greek_capitls")
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["code"]) == (404, "unknown_name")
    assert problem["remedy"] == "Did you mean 'greek_capitals'? List all tasks: `task2vec list`."
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "..%2F..%2Fetc%2Fpasswd", "%00", "a%0Ab", "~root", "x" * 201, "%F0%9F%98%80"],
)
async def test_no_name_reaches_a_file(server: Running, path: str) -> None:
    answer = await server.client.get(f"/v1/tasks/{path}")
    assert answer.status_code in (404, 422)
    assert "root:" not in answer.text


async def test_a_task_is_renamed_and_tagged(server: Running) -> None:
    before = await server.client.get("/v1/tasks/greek_capitals")
    edited = await server.client.patch(
        "/v1/tasks/greek_capitals",
        json={"name": "Großbuchstaben", "tags": ["letters", "letters"]},
        headers={"If-Match": before.headers["etag"]},
    )
    assert edited.status_code == 200
    assert edited.json() == before.json() | {"name": "Großbuchstaben", "tags": ["letters"]}
    shown = await server.client.get(f"/v1/tasks/{before.json()['id']}")
    assert shown.json() == edited.json()
    assert shown.headers["etag"] == edited.headers["etag"] != before.headers["etag"]
    tags = await server.client.patch("/v1/tasks/Großbuchstaben", json={"tags": []})
    assert (tags.json()["name"], tags.json()["tags"]) == ("Großbuchstaben", [])


async def test_a_change_in_between_is_noticed(server: Running) -> None:
    etag = (await server.client.get("/v1/tasks/greek_capitals")).headers["etag"]
    await server.client.patch("/v1/tasks/greek_capitals", json={"tags": ["first"]})
    for method, given in (("PATCH", {"json": {"tags": ["second"]}}), ("DELETE", {})):
        answer = await server.client.request(
            method, "/v1/tasks/greek_capitals", headers={"If-Match": etag}, **given
        )
        assert (answer.status_code, answer.json()["code"]) == (412, "changed")
    assert server.workspace.store().tasks.get("greek_capitals").tags == ("first",)


@pytest.mark.parametrize(
    ("edit", "status", "code"),
    [
        ({"name": "emoji_food"}, 409, "name_taken"),
        ({"name": ""}, 422, "bad_input"),
        ({"name": "a\nb"}, 422, "bad_input"),
        ({"name": " x "}, 422, "bad_input"),
        ({"name": "tsk_0123456789abcdef"}, 422, "bad_setting"),
        ({"tags": ["a"] * 51}, 422, "bad_input"),
        ({"tags": "a"}, 422, "bad_input"),
        ({"colour": "red"}, 422, "bad_input"),
        ([], 422, "bad_input"),
    ],
)
async def test_an_edit_that_cannot_be_changes_nothing(server: Running, edit, status, code) -> None:
    record = server.workspace.store().tasks.get("greek_capitals")
    answer = await server.client.patch("/v1/tasks/greek_capitals", json=edit)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert server.workspace.store().tasks.get("greek_capitals") == record


async def test_a_body_that_is_no_json_is_malformed(server: Running) -> None:
    for content in (b"{", b"\xff\xfe", b"{'a': 1}"):
        answer = await server.client.patch(
            "/v1/tasks/greek_capitals",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_task_goes_alone_or_with_all_that_hangs_on_it(server: Running) -> None:
    store = server.workspace.store()
    model = store.models.list()[0]
    store.outcomes.add(
        StoredOutcome(model=model.id, task="greek_capitals", accuracy=0.5, protocol="p")
    )
    alone = await server.client.delete("/v1/tasks/greek_capitals")
    assert (alone.status_code, alone.json()["code"]) == (409, "wrong_state")
    gone = await server.client.delete("/v1/tasks/greek_capitals", params={"cascade": "true"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert [task.name for task in store.tasks.list()] == [n for n in NAMES if n[0] != "g"]
    assert store.outcomes.list() == []
    again = await server.client.delete("/v1/tasks/greek_capitals")
    assert again.status_code == 404


async def test_numbers_that_are_none_become_null(server: Running) -> None:
    from factories import replace

    store = server.workspace.store()
    record = store.tasks.get("greek_capitals")
    embedding = store.tasks.embedding("greek_capitals")
    provenance = replace(record.provenance, standard_error=float("nan"))
    odd = replace(record, id="", name="odd", complexity=float("nan"), provenance=provenance)
    store.tasks.add(odd, replace(embedding, provenance=provenance))

    answer = await server.client.get("/v1/tasks/odd")

    assert "NaN" not in answer.text
    task = Task.model_validate(answer.json())
    assert (task.complexity, task.standard_error) == (None, None)
    assert answer.json()["provenance"]["standard_error"] is None


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/tasks", {"GET", "POST"}),
        ("/v1/tasks/greek_capitals", {"DELETE", "GET", "HEAD", "PATCH"}),
        ("/v1/tasks:import", {"POST"}),
        ("/v1/tasks/greek_capitals/embedding", {"GET"}),
    ],
)
async def test_a_method_that_is_not_there_is_told_with_those_that_are(
    server: Running, path: str, methods: set[str]
) -> None:
    answer = await server.client.put(path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == methods
