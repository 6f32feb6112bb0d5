"""Whether the server is alive, whether it is ready, and what it measures of itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from task2vec.errors import Task2VecError
from task2vec.service.disk import disk_of
from task2vec.types import Scope
from task2vec_api.access import Caller, require
from task2vec_api.runtime import Runtime, TheRuntime

router = APIRouter(tags=["operations"])


@router.get("/livez", summary="Is the server alive?")
async def livez() -> dict[str, str]:
    """Answer 200 for as long as the server answers at all."""
    return {"status": "alive"}


@router.get("/readyz", summary="Is the server ready?", responses={503: {"description": "Not."}})
def readyz(runtime: TheRuntime, response: Response) -> dict[str, Any]:
    """Answer 200 when the store and its index can be read and a worker's model is warm.

    Else 503, with the reasons: then whatever needs no worker may still work. `warnings` say what
    will go wrong soon, such as a disk that is nearly full.
    """
    reasons = reasons_against(runtime)
    if reasons:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return {
        "status": "not ready" if reasons else "ready",
        "reasons": reasons,
        "warnings": warnings_about(runtime),
    }


@router.get("/metrics", summary="Measurements for Prometheus", response_class=Response)
def metrics(runtime: TheRuntime, _: Annotated[Caller, Depends(require(Scope.READ))]) -> Response:
    """Return counts and latencies in the text format of Prometheus."""
    return Response(runtime.metrics.text(), media_type="text/plain; version=0.0.4")


def warnings_about(runtime: Runtime) -> list[str]:
    """Return what will stop the server's work soon, nothing where all is well."""
    try:
        disk = disk_of(runtime.workspace.path)
    except OSError as error:
        return [f"the disk of the store cannot be looked at ({type(error).__name__})"]
    if not disk.is_low:
        return []
    return [f"the disk of the store is nearly full: {disk.told}; delete data sets or make room"]


def reasons_against(runtime: Runtime) -> list[str]:
    """Return why the server is not ready, nothing when it is."""
    reasons = []
    if runtime.draining.is_set():
        reasons.append("the server is about to stop")
    try:
        store = runtime.workspace.store()
        store.check_in_place()
        store.tasks.last_change()
    except Task2VecError as error:
        reasons.append(f"the store cannot be read ({error.code})")
    if not runtime.indexed:
        reasons.append("the index is being loaded")
    if not runtime.workers.alive(busy_for=runtime.settings.lease_seconds):
        reasons.append("no worker has loaded its model yet")
    return reasons
