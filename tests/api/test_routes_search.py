"""Neighbours, distances and recommendations over HTTP are those of the use cases."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from factories import which_model
from filled import NAMES, filled
from running import Running

from task2vec.embedding.files import load_embedding
from task2vec.messages.neighbours import SearchQuestion
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.search import search
from task2vec.service.tasks.subjects import stored_subject
from task2vec.types import NeighbourGeometry

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with filled(tmp_path) as found:
        yield found


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("k", [1, 3, 1000])
async def test_neighbours_are_those_of_the_use_case(server: Running, asymmetric: bool, k: int):
    subject = stored_subject(server.workspace, "greek_capitals")
    question = SearchQuestion(task=subject.name, k=k, asymmetric=asymmetric)
    expected = search(server.workspace, question, subject)

    got = await server.client.get(
        "/v1/tasks/greek_capitals/neighbours", params={"k": k, "asymmetric": asymmetric}
    )
    asked = await server.client.post(
        "/v1/search", json={"task": "greek_capitals", "k": k, "asymmetric": asymmetric}
    )

    assert got.json() == asked.json()
    assert got.json() == expected.model_dump(mode="json")
    assert expected.task == "greek_capitals"
    assert len(expected.neighbours) == min(k, 3)


async def test_centred_neighbours_are_those_of_the_use_case(server: Running) -> None:
    subject = stored_subject(server.workspace, "greek_capitals")
    question = SearchQuestion(task=subject.name, geometry=NeighbourGeometry.CENTRED)
    expected = search(server.workspace, question, subject)

    got = await server.client.get(
        "/v1/tasks/greek_capitals/neighbours", params={"geometry": "centred"}
    )
    asked = await server.client.post(
        "/v1/search", json={"task": "greek_capitals", "geometry": "centred"}
    )
    default = await server.client.get("/v1/tasks/greek_capitals/neighbours")

    assert got.json() == asked.json()
    assert got.json() == expected.model_dump(mode="json")
    assert len(expected.neighbours) == 3
    assert got.json() != default.json()


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


async def test_a_recommendation_is_that_of_the_use_case(server: Running) -> None:
    subject = stored_subject(server.workspace, "greek_capitals")
    expected = recommend(server.workspace, which_model(), subject, measured={})
    answer = await server.client.post("/v1/recommendations", json={"task": "greek_capitals"})
    got = answer.json()
    assert (got["task"], got["chosen"]) == ("greek_capitals", expected.chosen)
    assert got["abstained"] is expected.abstained
    assert got["code"] == expected.code
    assert [r["model"] for r in got["recommendations"]] == [
        r.model for r in expected.recommendations
    ]
    refused = await server.client.post(
        "/v1/recommendations", json={"task": "greek_capitals", "max_parameters": 1}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_setting")


async def test_a_task_whose_images_are_not_here_is_answered_at_once(server: Running) -> None:
    asked = {"task": "greek_capitals", "measure": True}
    answer = await server.client.post("/v1/recommendations", json=asked)
    assert answer.status_code == 200
    plain = await server.client.post("/v1/recommendations", json={**asked, "measure": False})
    got, unasked = answer.json(), plain.json()
    assert (got["images_missing"], unasked["images_missing"]) == (True, False)
    assert got["recommendations"] == unasked["recommendations"]
    (told,) = [w for w in got["warnings"] if w not in unasked["warnings"]]
    assert told == (
        "The images of task 'greek_capitals' are not on this server: it was embedded from a folder "
        "by the command line, and a server opens uploads only. No model was measured now. Embed "
        "them again: `task2vec embed FOLDER --name greek_capitals --update --url URL`, where "
        "FOLDER is where the images are now and URL is the address of the server."
    )
    none = await server.client.post("/v1/recommendations", json={**asked, "budget": 0})
    assert (none.status_code, none.json()["images_missing"]) == (200, False)


async def test_an_embedding_comes_as_json_or_as_a_file(server: Running, tmp_path: Path) -> None:
    stored = server.workspace.store().tasks.embedding("greek_capitals")

    as_json = await server.client.get("/v1/tasks/greek_capitals/embedding")
    as_file = await server.client.get(
        "/v1/tasks/greek_capitals/embedding",
        headers={"Accept": "application/json;q=0.1, application/octet-stream"},
    )

    values = np.array(as_json.json()["values"], dtype=np.float32)
    errors = np.array(as_json.json()["errors"], dtype=np.float32)
    assert values.tobytes() == stored.values.tobytes()
    assert errors.tobytes() == stored.errors.tobytes()
    (tmp_path / "sent.npz").write_bytes(as_file.content)
    name, loaded = load_embedding(tmp_path / "sent.npz")
    assert name == "greek_capitals"
    assert loaded.provenance == stored.provenance
    assert loaded.replicates.tobytes() == stored.replicates.tobytes()
    refused = await server.client.get(
        "/v1/tasks/greek_capitals/embedding", headers={"Accept": "text/html"}
    )
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")


async def test_a_picture_of_a_task_is_shown(server: Running) -> None:
    from PIL import Image

    answer = await server.client.get("/v1/tasks/greek_capitals/thumbnail")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (96, 96)
    assert answer.content == server.workspace.store().tasks.thumbnail("greek_capitals")


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
    for given, status in (({"tag": "nothing"}, 422), ({"method": "pca"}, 422)):
        assert (await server.client.get("/v1/map", params=given)).status_code == status
