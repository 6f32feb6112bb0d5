"""Models, outcomes and probes over HTTP."""

import pytest
from running import Running

from task2vec.messages.models import Model

pytestmark = pytest.mark.anyio


@pytest.fixture
def expert(server: Running) -> Model:
    """An expert whose checkpoint lies in the store."""
    (server.workspace.path / "experts").mkdir()
    (server.workspace.path / "experts" / "mine.safetensors").write_bytes(b"weights" * 1000)
    return server.workspace.store().models.add(
        Model(
            id="",
            name="mine",
            ref="store:experts/mine.safetensors",
            architecture="tf_efficientnet_lite0",
            task="greek_capitals",
            parameters=1000,
            input_size=128,
            licence="MIT",
            created="",
        )
    )


async def test_a_damaged_expert_is_left_out_of_answers(server: Running, expert: Model) -> None:
    answer = await server.client.post("/v1/recommendations", json={"task": "fashion_tops"})

    assert answer.status_code == 200
    found = answer.json()
    assert "mine" not in {each["model"] for each in found["recommendations"]}
    assert any("its checkpoint is damaged: mine" in warning for warning in found["warnings"])


async def test_a_model_is_shown_edited_and_removed(server: Running, expert: Model) -> None:
    shown = await server.client.get("/v1/models/mine")
    written = expert.created.replace("+00:00", "Z")
    # It counts as the plain model, not as its file with another head.
    assert shown.json() == expert.model_dump(mode="json") | {
        "created": written,
        "parameters": 4652008,
    }
    etag = shown.headers["etag"]
    known = await server.client.get(f"/v1/models/{expert.id}", headers={"If-None-Match": etag})
    assert known.status_code == 304
    edited = await server.client.patch(
        "/v1/models/mine",
        json={"name": "best", "licence": "Apache-2.0"},
        headers={"If-Match": etag},
    )
    assert edited.json() == shown.json() | {"name": "best", "licence": "Apache-2.0"}
    late = await server.client.delete("/v1/models/best", headers={"If-Match": etag})
    assert late.status_code == 412
    gone = await server.client.delete("/v1/models/best")
    assert gone.status_code == 204
    assert not (server.workspace.path / "experts" / "mine.safetensors").exists()
    assert (await server.client.get("/v1/models/best")).status_code == 404


@pytest.mark.parametrize(("method", "given"), [("PATCH", {"json": {"name": "x"}}), ("DELETE", {})])
async def test_a_packaged_model_stays_as_it_is(server: Running, method: str, given: dict) -> None:
    answer = await server.client.request(method, "/v1/models/efficientnet_lite0", **given)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


async def test_an_expert_is_downloaded_whole_or_in_part(server, expert: Model) -> None:
    whole = await server.client.get("/v1/models/mine/checkpoint")
    assert whole.content == b"weights" * 1000
    assert whole.headers["content-type"] == "application/octet-stream"
    part = await server.client.get("/v1/models/mine/checkpoint", headers={"Range": "bytes=6990-"})
    assert (part.status_code, part.content) == (206, whole.content[6990:])
    other = await server.client.get("/v1/models/efficientnet_lite0/checkpoint")
    assert (other.status_code, other.json()["code"]) == (404, "unknown_name")


@pytest.mark.parametrize(
    "ref",
    [
        "file:/etc/passwd?arch=resnet18",
        "file:///etc/passwd",
        "store:../../etc/passwd",
        "package:task2vec/errors.py",
        "/etc/passwd",
        "../x",
        "http://127.0.0.1/x",
        "timm",
        "TIMM:resnet18",
        " timm:resnet18",
        "timm:res\nnet18",
        "hf-hub",
        "hf-hub:a/../b",
        "hf-hub:http://evil",
        "hf-hub:nothing",
        "hf-hub:a/b/c",
        "hf-hub:a/.b",
        "hf-hub:a/b--c",
        "hf-hub:a/b@main",
        "timm:a/b",
    ],
)
async def test_no_reference_names_a_file_of_the_server(server: Running, ref: str) -> None:
    before = server.workspace.store().models.list()
    answer = await server.client.post("/v1/models", json={"ref": ref})
    assert (answer.status_code, answer.json()["code"]) == (422, "refused_address")
    assert server.workspace.store().models.list() == before
