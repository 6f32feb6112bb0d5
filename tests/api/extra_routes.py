"""Routes that do what no route of the service does: take long, fail, count."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from task2vec.errors import InputError, NameTakenError, Task2VecError, UnknownNameError
from task2vec.store.tables.audit import AuditEntry
from task2vec.types import Scope
from task2vec_api.access import Caller, require

UPLOADED = "application/octet-stream"
FORM = "multipart/form-data"
Reader = Annotated[Caller, Depends(require(Scope.READ))]
Writer = Annotated[Caller, Depends(require(Scope.WRITE))]


class Sum(BaseModel):
    left: int
    right: int


def extra_routes(*, error: BaseException | None = None) -> APIRouter:
    """Return the routes; ``error`` is what ``GET /fail`` raises."""
    router = APIRouter(prefix="/extra")
    counted: list[Any] = []

    @router.get("/whoami")
    async def whoami(caller: Reader) -> dict[str, str | None]:
        return {"key": caller.key, "name": caller.name}

    @router.get("/numbers/{number}")
    async def number(number: int, caller: Reader) -> dict[str, int]:
        return {"number": number}

    @router.get("/fail")
    def fail(caller: Reader) -> None:
        assert error is not None
        raise error

    @router.get("/sleep")
    def sleep(seconds: float, caller: Reader) -> dict[str, float]:
        time.sleep(seconds)
        return {"slept": seconds}

    @router.get("/deadline", openapi_extra={"requestBody": {"content": {FORM: {}}}})
    async def deadline(request: Request, caller: Reader) -> dict[str, float]:
        return {"left": request.state.deadline - time.monotonic()}

    @router.post("/count")
    def count(body: Sum, caller: Writer, seconds: float = 0.0) -> dict[str, int]:
        time.sleep(seconds)
        counted.append(body)
        return {"calls": len(counted), "sum": body.left + body.right}

    @router.post("/count_and_miss")
    def count_and_miss(caller: Writer) -> None:
        counted.append(None)
        raise UnknownNameError(f"miss number {len(counted)}")

    @router.post("/count_and_fail")
    def count_and_fail(caller: Writer) -> None:
        counted.append(None)
        raise Task2VecError(f"fault number {len(counted)}")

    @router.post("/write")
    def write(
        request: Request,
        caller: Writer,
        seconds: float = 0.0,
        refuse: bool = False,
        before: float = 0,
    ) -> dict[str, int]:
        time.sleep(before)
        log = request.app.state.runtime.workspace.store().audit
        log.append([AuditEntry(action="extra")])
        if refuse:
            raise NameTakenError("after it was written")
        time.sleep(seconds)
        if seconds == 0:
            raise Task2VecError("after it was written")
        return {"written": len([entry for entry in log.latest(99) if entry.action == "extra"])}

    @router.post("/large")
    def large(caller: Writer, size: int, parts: int = 1) -> Response:
        if parts > 1:
            return StreamingResponse((b"x" * size for _ in range(parts)), media_type="text/plain")
        return Response(b"x" * size, media_type="text/plain")

    @router.post("/upload", openapi_extra={"requestBody": {"content": {UPLOADED: {}, FORM: {}}}})
    async def upload(request: Request, caller: Writer) -> dict[str, int]:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        counted.append(size)
        return {"calls": len(counted), "bytes": size}

    @router.post("/upload_first", openapi_extra={"requestBody": {"content": {UPLOADED: {}}}})
    async def upload_first(request: Request, caller: Writer) -> dict[str, int]:
        size = 0
        async for chunk in request.stream():
            if chunk == b"no":
                raise InputError("it begins with no")
            size += len(chunk)
        return {"bytes": size}

    return router
