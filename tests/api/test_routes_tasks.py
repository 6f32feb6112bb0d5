"""Tasks over HTTP: listed, shown, edited, removed."""

import pytest
from filled import NAMES
from running import Running

from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.tasks import Task

pytestmark = pytest.mark.anyio


async def test_head_answers_as_get_without_the_body(server: Running) -> None:
    shown = await server.client.get("/v1/tasks/greek_capitals")
    head = await server.client.head("/v1/tasks/greek_capitals")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == shown.headers["etag"]
    assert (await server.client.head("/v1/tasks/nothing")).status_code == 404


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
