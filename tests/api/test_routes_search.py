"""Neighbours, distances and recommendations over HTTP are those of the use cases."""

import io
from typing import Any

import pytest
from filled import NAMES
from running import Running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "asked",
    [{"k": 1}, {"k": 1000, "asymmetric": True}, {"geometry": "centred"}, {"geometry": "symmetric"}],
)
async def test_a_path_and_a_question_ask_the_same(server: Running, asked: dict[str, Any]) -> None:
    got = await server.client.get("/v1/tasks/greek_capitals/neighbours", params=asked)
    found = await server.client.post("/v1/search", json={"task": "greek_capitals", **asked})
    default = await server.client.get("/v1/tasks/greek_capitals/neighbours")

    assert got.json() == found.json()
    assert len(got.json()["neighbours"]) == min(asked.get("k", 5), 3)
    assert (got.json() == default.json()) == (asked == {"geometry": "symmetric"})


@pytest.mark.parametrize("name", ["%00", "a%0Ab", "nothing", "%20x"])
async def test_a_name_that_no_task_can_have_has_no_neighbours(server: Running, name: str) -> None:
    answer = await server.client.get(f"/v1/tasks/{name}/neighbours")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_name")


async def test_geometries_that_there_are_not_are_refused(server: Running) -> None:
    path = "/v1/tasks/greek_capitals/neighbours"
    for query, remark in (
        ({"geometry": "round"}, "centred"),
        ({"geometry": "centred", "asymmetric": True}, "no asymmetric distance"),
    ):
        got = await server.client.get(path, params=query)
        asked = await server.client.post("/v1/search", json={"task": "greek_capitals", **query})
        assert (got.status_code, asked.status_code) == (422, 422), query
        assert remark in got.text, query
        assert remark in asked.text, query


async def test_too_few_tasks_have_no_mean(server: Running) -> None:
    store = server.workspace.store()
    for name in NAMES[2:]:
        store.tasks.remove(name)
    answer = await server.client.get(
        f"/v1/tasks/{NAMES[0]}/neighbours", params={"geometry": "centred"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_setting")
    assert "at least 3" in answer.text


async def test_only_tasks_that_are_wanted_are_found(server: Running) -> None:
    store = server.workspace.store()
    store.tasks.edit("emoji_food", tags=["a", "b"])
    store.tasks.edit("fashion_tops", tags=["a"])
    for query, names in (
        ([("tags", "a")], {"emoji_food", "fashion_tops"}),
        ([("tags", "a"), ("tags", "b")], {"emoji_food"}),
        ([("min_classes", 5)], set()),
        ([("max_classes", 4)], set(NAMES) - {"greek_capitals"}),
    ):
        got = await server.client.get("/v1/tasks/greek_capitals/neighbours", params=query)
        assert {found["name"] for found in got.json()["neighbours"]} == names, query
        body = {"task": "greek_capitals"} | {
            key: [v for k, v in query if k == key] if key == "tags" else value
            for key, value in query
        }
        asked = await server.client.post("/v1/search", json=body)
        assert asked.json() == got.json()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"task": "greek_capitals", "dataset": "dst_0"},
        {"task": "greek_capitals", "k": 0},
        {"task": "greek_capitals", "k": 1001},
        {"task": "greek_capitals", "k": 1.5},
        {"task": "greek_capitals", "min_classes": 5, "max_classes": 4},
        {"task": "greek_capitals", "nearest": True},
        {"task": ["greek_capitals"]},
        None,
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(server: Running, body) -> None:
    answer = await server.client.post("/v1/search", json=body)
    assert (answer.status_code, answer.json()["status"]) == (422, 422)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/search", {"task": "/etc/passwd"}),
        ("/v1/search", {"task": "./examples"}),
        ("/v1/search", {"dataset": "dst_0"}),
        ("/v1/distances", {"source": {"task": "greek_capitals"}, "target": {"task": ".."}}),
        ("/v1/recommendations", {"task": "~"}),
    ],
)
async def test_no_question_names_a_file_of_the_server(server: Running, path, body) -> None:
    answer = await server.client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_name")


@pytest.mark.parametrize(
    ("path", "body", "field", "near"),
    [
        ("/v1/search", {"tsk": "greek_capitals"}, "body.tsk", "Did you mean 'task'?"),
        (
            "/v1/distances",
            {"source": {"tsk": "a"}, "target": {"task": "b"}},
            "body.source.tsk",
            "Did you mean 'task'?",
        ),
        ("/v1/search", {"task": "a", "zebra": 1}, "body.zebra", ""),
    ],
)
async def test_an_unknown_field_is_answered_with_the_near_ones(
    server: Running, path, body, field, near
) -> None:
    answer = await server.client.post(path, json=body)
    assert answer.status_code == 422
    problems = {each["field"]: each["problem"] for each in answer.json()["fields"]}
    assert problems[field].endswith(near or "not permitted")


async def test_an_embedding_comes_as_the_type_that_is_preferred(server: Running) -> None:
    for accept, kind in (
        ("*/*", "application/json"),
        ("application/json;q=0.1, application/octet-stream", "application/octet-stream"),
        ("text/html", "application/problem+json"),
    ):
        answer = await server.client.get(
            "/v1/tasks/greek_capitals/embedding", headers={"Accept": accept}
        )
        assert answer.headers["content-type"] == kind
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


async def test_a_picture_of_a_task_is_shown(server: Running) -> None:
    from PIL import Image

    answer = await server.client.get("/v1/tasks/greek_capitals/thumbnail")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (96, 96)
    assert answer.content == server.workspace.store().tasks.thumbnail("greek_capitals")


async def test_pictures_of_the_classes_of_a_task_are_shown(server: Running) -> None:
    pictures = server.workspace.store().tasks.pictures("greek_capitals")
    layout = (await server.client.get("/v1/tasks/greek_capitals/pictures")).json()
    answer = await server.client.get("/v1/tasks/greek_capitals/pictures/sheet")

    assert (layout["side"], layout["columns"], len(layout["classes"])) == (pictures.side, 4, 4)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == pictures.sheet
    for path in ("pictures", "pictures/sheet", "layers"):
        unknown = await server.client.get(f"/v1/tasks/greek_capitls/{path}")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_name")


async def test_an_embedding_is_shown_by_layer(server: Running) -> None:
    answer = (await server.client.get("/v1/tasks/greek_capitals/layers")).json()
    names = [layer["name"] for layer in answer["layers"]]
    assert len(names) > 10
    assert len(set(names)) == len(names)
    assert all(layer["low"] <= layer["mean"] <= layer["high"] for layer in answer["layers"])


async def test_all_tasks_on_the_map_come_by_column(server: Running) -> None:
    server.workspace.store().tasks.edit("emoji_food", tags=["food", "small"])
    answer = await server.client.get("/v1/map/columns")
    columns = answer.json()
    assert columns["names"] == NAMES
    assert columns["tags"][0] == ["food", "small"]
    every = {"ids", "names", "x", "y", "tags", "classes", "images"}
    every |= {"complexity", "standard_error", "bundles", "thumbnails"}
    assert {len(columns[name]) for name in every} == {len(NAMES)}

    seen = {"If-None-Match": answer.headers["etag"]}
    assert (await server.client.get("/v1/map/columns", headers=seen)).status_code == 304
    server.workspace.store().tasks.remove("emoji_food")
    changed = await server.client.get("/v1/map/columns", headers=seen)
    assert changed.json()["names"] == NAMES[1:]
    # Nobody else moves.
    assert changed.json()["x"] == columns["x"][1:]


async def test_an_empty_store_has_an_empty_map(it: Running) -> None:
    drawn = await it.client.get("/v1/map")
    assert (drawn.status_code, drawn.json()["points"]) == (200, [])
    columns = await it.client.get("/v1/map/columns")
    assert (columns.status_code, columns.json()["names"]) == (200, [])
    assert columns.json()["space"] is None
    picture = await it.client.get("/v1/map", headers={"Accept": "image/png"})
    assert (picture.status_code, picture.json()["code"]) == (422, "bad_input")


async def test_the_map_comes_as_numbers_or_as_a_picture(server: Running) -> None:
    server.workspace.store().tasks.edit("emoji_food", tags=["food"])
    answer = await server.client.get("/v1/map")
    points = answer.json()["points"]
    assert [point["name"] for point in points] == NAMES
    assert {point["group"] for point in points} == {"food", None}
    tagged = await server.client.get("/v1/map", params={"tag": "food"})
    assert [point["name"] for point in tagged.json()["points"]] == ["emoji_food"]
    for accept, start in (("image/png", b"\x89PNG"), ("image/svg+xml", b"<?xml")):
        picture = await server.client.get("/v1/map", headers={"Accept": accept})
        assert picture.headers["content-type"].startswith(accept)
        assert picture.content.startswith(start)
    none = await server.client.get("/v1/map", params={"tag": "nothing"})
    assert (none.status_code, none.json()["points"]) == (200, [])
    wrong = await server.client.get("/v1/map", params={"method": "pca"})
    assert wrong.status_code == 422
