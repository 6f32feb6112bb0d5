"""Writes the audit log, without letting a request wait for the disk."""

from threading import Lock

from starlette.types import Scope as Request

from task2vec.service.workspace import Workspace
from task2vec.store.tables.audit import AuditEntry
from task2vec.types import Scope
from task2vec_api.access import Caller
from task2vec_api.logs import logged_path, logger
from task2vec_api.route_lookup import route_of

PREFIX = "/v1"
#: In the place of a key's id, which is another at each start of the server and in no list.
OWN_WORKERS = "own workers"
_NO_ROUTE = "none"
_CHANGES = frozenset({Scope.WRITE, Scope.ADMIN})
# Workers ask for work and report progress all day; only what they hand in is worth noting.
_HANDED_IN = (":complete", ":fail", ":release")
# Requests refused all night fill neither the log nor the disk.
_REFUSALS_AT_A_TIME = 50


class AuditLog:
    """Notes writes, refusals and what administrators do; `flush` stores what was noted.

    The server flushes several times a second and before it ends: a kill loses that much.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._noted: list[AuditEntry] = []
        self._refused = 0
        self._lock = Lock()

    def observe(self, request: Request, status: int, seconds: float) -> None:
        """Note a request that has ended, if it is one for the log."""
        del seconds
        refused = status in (401, 403)
        if not refused and not _is_change(request):
            return
        state = request["state"]
        entry = AuditEntry(
            action=f"{request['method']} {_route(request)}",
            subject=logged_path(request["path"]),
            key=_key_of(state.get("caller")),
            address=(request.get("client") or (None,))[0],
            request_id=state["request_id"],
            status=status,
        )
        with self._lock:
            self._refused += refused
            if not refused or self._refused <= _REFUSALS_AT_A_TIME:
                self._noted.append(entry)

    def flush(self) -> None:
        """Store what was noted since the last time; keep it noted where that fails."""
        with self._lock:
            noted, self._noted = self._noted, []
            more, self._refused = self._refused - _REFUSALS_AT_A_TIME, 0
        if more > 0:
            noted.append(AuditEntry(action="refused", subject=f"{more} more requests"))
        if not noted:
            return
        try:
            self._workspace.store().audit.append(noted)
        except Exception:
            logger.exception("the audit log could not be written")
            with self._lock:
                self._noted = (noted + self._noted)[-10_000:]


def template_of(request: Request) -> str:
    """Return the route that answered, such as ``/v1/tasks/{task}``; "none" where there is none."""
    path = getattr(request.get("route"), "path", None)
    if path is None:
        return _NO_ROUTE
    # A route knows its own part of the path only.
    above = request["path"].startswith(f"{PREFIX}/") and not path.startswith(f"{PREFIX}/")
    return f"{PREFIX}{path}" if above else path


def _route(request: Request) -> str:
    """Return the route, also of a request that was refused before a route was looked up."""
    template = template_of(request)
    if template != _NO_ROUTE:
        return template
    route = route_of(request["app"], request["method"], request["path"])
    return logged_path(request["path"] if route is None else route.path or request["path"])


def _key_of(caller: Caller | None) -> str | None:
    """Return the id of a key, or that it is the one of the server's own workers."""
    if caller is None:
        return None
    return OWN_WORKERS if caller.own_worker else caller.key


def _is_change(request: Request) -> bool:
    state = request["state"]
    required = state.get("required", frozenset())
    caller = state.get("caller")
    if Scope.WORK in required:
        return bool(request["path"].endswith(_HANDED_IN))
    if required & _CHANGES and request["method"] != "GET":
        return True
    return Scope.ADMIN in required and caller is not None
