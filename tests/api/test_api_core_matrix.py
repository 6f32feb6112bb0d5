"""Every route, with every scope, in every state of the key: no holes.

The routes are those of the app, so that a new one is tested without being named here.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running, running

from task2vec.service import keys
from task2vec.types import Scope
from task2vec_api.access import check_protected, locks_of, routes_of

pytestmark = pytest.mark.anyio

#: Written down here once more: nothing else is for everybody.
PUBLIC = (
    *("/livez", "/readyz", "/", "/docs"),
    *("/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/favicon.png"),
    *("/atlas/atlas.js", "/atlas/task-map.js", "/atlas/style.css", "/atlas/licences.txt"),
)
ELSEWHERE = ("/v1/nowhere", "/nowhere", "/v1", "/redoc", "/docs/nothing")


def calls(it: Running) -> Iterator[tuple[str, str, frozenset[Scope] | None]]:
    """Yield each method and path with the scopes that open it; None for what is public."""
    for route in routes_of(it.app):
        locks = list(locks_of(route.dependant))
        path = route.path
        for parameter in route.dependant.path_params:
            path = path.replace(f"{{{parameter.name}}}", "nothing")
        assert "{" not in path, path
        for method in sorted(route.methods or ()):
            yield method, path, None if path in PUBLIC else locks[0].scopes


def credentials(it: Running) -> dict[str, str | None]:
    """Return an Authorization header for each state that a key may be in."""
    made = {scope.value: keys.create(it.workspace, scope.value, [scope]).secret for scope in Scope}
    revoked = keys.create(it.workspace, "revoked", [Scope.ADMIN])
    keys.revoke(it.workspace, "revoked")
    expired = keys.create(it.workspace, "expired", [Scope.ADMIN], days=1e-9)
    time.sleep(0.001)
    unknown = keys.draw("unknown", [Scope.ADMIN])
    it.app.state.maintenance.read_keys()
    refused = {
        "none": None,
        "empty": "Bearer ",
        "basic": "Basic YWRtaW46YWRtaW4=",
        "unknown": f"Bearer {unknown.secret}",
        "revoked": f"Bearer {revoked.secret}",
        "expired": f"Bearer {expired.secret}",
        "wrong secret": f"Bearer {made['admin'][:-1]}{'A' if made['admin'][-1] != 'A' else 'B'}",
    }
    return refused | {scope: f"Bearer {secret}" for scope, secret in made.items()}


async def test_no_route_lets_in_whom_it_must_not_and_none_keeps_out_whom_it_must(
    tmp_path: Path,
) -> None:
    holes, cells = [], 0
    async with running(tmp_path / "s") as it:
        known = list(calls(it))
        for state, header in credentials(it).items():
            headers = {} if header is None else {"Authorization": header}
            scopes = Scope(state).implied if state in set(Scope) else frozenset()
            for method, path, opened_by in known:
                answer = await it.client.request(method, path, headers=headers)
                cells += 1
                if opened_by is None:
                    fine = answer.status_code not in (401, 403)
                elif not scopes:
                    fine = answer.status_code == 401
                elif scopes & opened_by:
                    fine = answer.status_code not in (401, 403)
                else:
                    fine = answer.status_code == 403
                fine &= answer.status_code not in (500, 507)
                if not fine:
                    holes.append((state, method, path, answer.status_code))
                if answer.status_code in (401, 403) and method != "HEAD":
                    assert answer.json()["code"] in ("unauthenticated", "not_allowed")
            for path in ELSEWHERE:
                answer = await it.client.get(path, headers=headers)
                cells += 1
                expected = {401} if not scopes else {200, 404}
                if answer.status_code not in expected:
                    holes.append((state, "GET", path, answer.status_code))

    assert holes == []
    assert cells == (len(known) + len(ELSEWHERE)) * 11
    assert {opened for *_, opened in known if opened} >= {frozenset({Scope.READ})}


async def test_the_matrix_holds_every_documented_path(tmp_path: Path) -> None:
    async with running(tmp_path / "s") as it:
        document = (await it.client.get("/openapi.json")).json()

    documented = set(document["paths"])
    assert documented <= {route.path for route in routes_of(it.app)}


async def test_a_route_that_forgets_its_lock_keeps_the_app_from_being_made(tmp_path: Path) -> None:
    async with running(tmp_path / "s") as it:

        @it.app.get("/v1/forgotten")
        async def forgotten() -> None: ...

        with pytest.raises(RuntimeError, match="/v1/forgotten"):
            check_protected(it.app)
