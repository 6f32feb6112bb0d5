"""A full disk answers 507, loses nothing, and is forgotten once there is room."""

from pathlib import Path

import pytest
from filled import NAMES, filled, zipped
from running import Running, running
from small_disk import crowd, small_disk

pytestmark = pytest.mark.anyio


def fill(it: Running) -> None:
    """Let the database grow no further: what SQLite meets is what a full disk gives."""
    with it.workspace.store().transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def make_room(it: Running) -> None:
    with it.workspace.store().transaction() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 4294967294")


def outcomes(count: int, *, first: int = 10) -> dict[str, object]:
    told = {"model": "efficientnet_lite0", "task": NAMES[0], "accuracy": 0.5, "protocol": "x" * 150}
    return {"outcomes": [told | {"seed": seed} for seed in range(first, first + count)]}


async def test_a_full_disk(tmp_path: Path) -> None:
    async with filled(tmp_path) as it:
        before = await it.client.post("/v1/outcomes", json=outcomes(1, first=0))
        assert before.status_code == 201, before.text
        listed = (await it.client.get("/v1/outcomes")).json()
        fill(it)
        refused = await it.client.post(
            "/v1/outcomes", json=outcomes(900), headers={"Idempotency-Key": "k"}
        )
        still = (await it.client.get("/v1/outcomes")).json()
        alive = await it.client.get("/livez")
        make_room(it)
        again = await it.client.post(
            "/v1/outcomes", json=outcomes(900), headers={"Idempotency-Key": "k"}
        )
        page = (await it.client.get("/v1/outcomes", params={"page_size": 1000})).json()

    assert (refused.status_code, refused.json()["code"]) == (507, "store_full")
    assert str(tmp_path) not in refused.text
    assert still == listed
    assert alive.status_code == 200
    assert again.status_code == 201, again.text
    assert len(page["outcomes"]) == 901


async def test_a_disk_that_was_full_when_the_server_was_killed(tmp_path: Path) -> None:
    async with filled(tmp_path) as it:
        await it.client.post("/v1/outcomes", json=outcomes(3, first=0))
        fill(it)
        refused = await it.client.post("/v1/outcomes", json=outcomes(900))
        assert refused.status_code == 507
    async with running(tmp_path / "store") as it:
        page = (await it.client.get("/v1/outcomes")).json()

    assert len(page["outcomes"]) == 3


async def test_a_full_disk_is_emptied_over_http_and_told_of_before(tmp_path: Path) -> None:
    archive = {"file": ("tops.zip", zipped(tmp_path))}
    with small_disk(tmp_path / "disk") as place:
        async with running(place / "store") as it:
            sent = [
                await it.client.post("/v1/datasets", files=archive, data={"name": name})
                for name in ("tops", "more tops")
            ]
            calm = (await it.client.get("/readyz")).json()["warnings"]
            crowd(it.workspace.store(), place)
            crowded = (await it.client.get("/readyz")).json()["warnings"]
            refused = await it.client.post("/v1/outcomes", json=outcomes(900))
            deleted, gone = [], []
            for each in sent:
                crowd(it.workspace.store(), place)
                path = f"/v1/datasets/{each.json()['id']}"
                deleted.append((await it.client.delete(path)).status_code)
                gone.append((await it.client.get(path)).status_code)
            left = list((place / "store" / "datasets").iterdir())

    assert [each.status_code for each in sent] == [201, 201]
    assert calm == []
    assert len(crowded) == 1
    assert "nearly full" in crowded[0]
    assert refused.status_code in (404, 507)
    assert deleted == [204, 204]
    assert gone == [404, 404]
    assert left == []
