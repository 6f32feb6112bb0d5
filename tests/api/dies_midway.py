"""Run as a script: it sends itself a request that takes a minute, and says when it is at work.

Arguments: the store, the route, and how far the request is to be when it says so.
"""

import sys
from pathlib import Path

import anyio
from extra_routes import extra_routes
from running import Running, running
from sqlalchemy import select

from task2vec.store.sql.schema_service import idempotency


async def main(store: str, route: str, progress: str) -> None:
    async with running(Path(store), routers=[extra_routes()]) as it, anyio.create_task_group() as g:
        g.start_soon(send, it, route)
        while progress not in reached(it):
            await anyio.sleep(0.02)
        print(progress, flush=True)


async def send(it: Running, route: str) -> None:
    await it.client.post(
        f"/v1/extra/{route}",
        params={"seconds": 60},
        json={"left": 1, "right": 2} if route == "count" else None,
        headers={"Idempotency-Key": route},
    )


def reached(it: Running) -> list[str]:
    with it.workspace.store().transaction() as connection:
        return list(connection.execute(select(idempotency.c.progress)).scalars())


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
