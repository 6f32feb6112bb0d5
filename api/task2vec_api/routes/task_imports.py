"""Embeddings that were computed elsewhere."""

from pathlib import Path

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.errors import InputError
from task2vec.messages.tasks import Task
from task2vec.service.tasks.imports import add_embedding
from task2vec.service.uploads import begin_upload
from task2vec.types.names import LONGEST_NAME, NAME_PATTERN, NEW_NAME_PATTERN, is_name
from task2vec_api.access import Writer
from task2vec_api.forms import Part, TextPart, UploadPart, receive_form
from task2vec_api.responses import failing, json_answer, router, told
from task2vec_api.runtime import TheRuntime

routes = router("tasks")

_TAG = {"minLength": 1, "maxLength": LONGEST_NAME, "pattern": NAME_PATTERN}
_NAME = {**_TAG, "pattern": NEW_NAME_PATTERN}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["embedding"],
                    "additionalProperties": False,
                    "properties": {
                        "embedding": {
                            "type": "string",
                            "format": "binary",
                            "description": "The file that `task2vec export TASK FILE.npz` writes.",
                        },
                        "name": {
                            "type": "string",
                            **_NAME,
                            "description": "Default: the name that the file states.",
                        },
                        "tags": {
                            "type": "array",
                            "maxItems": 50,
                            "items": {"type": "string", **_TAG},
                        },
                        "update": {
                            "type": "boolean",
                            "default": False,
                            "description": "Replace a task of this name. It keeps its tags unless "
                            "new ones are given.",
                        },
                    },
                },
                "example": {"name": "greek_capitals", "tags": ["letters"]},
            }
        },
    }
}
_MOST_TAGS = 50


@routes.post(
    "/tasks:import",
    summary="Import an embedding",
    status_code=201,
    response_model=Task,
    responses={**told(201, Task, "The new task."), **failing(408, 409, 415, 507)},
    openapi_extra=_FORM,
)
async def import_task(request: Request, runtime: TheRuntime, caller: Writer) -> Response:
    """Add an embedding that was computed elsewhere as a task.

    Its numbers must match their checksum, and some stored task must be in its space, since it could
    be compared with none otherwise; a key with the scope admin may import into an empty space.
    """
    largest = runtime.settings.upload_bytes
    with begin_upload(runtime.workspace, largest=largest, suffix=".npz") as upload:
        form = _Form(UploadPart(upload))
        await receive_form(request, form.open)
        path, name, tags, update = (
            form.complete(),
            form.text("name"),
            form.tags(),
            form.flag("update"),
        )
        async with runtime.parsing.take(caller):
            record = await run_in_threadpool(
                add_embedding,
                runtime.workspace,
                path,
                name=name,
                tags=tags,
                update=update,
                any_space=caller.admin,
            )
    task = Task.model_validate(record)
    return json_answer(task, status=201, headers={"Location": f"/v1/tasks/{record.id}"})


class _Form:
    """The fields of the form, as they come."""

    def __init__(self, file: UploadPart) -> None:
        self._file = file
        self._texts: dict[str, list[TextPart]] = {"name": [], "tags": [], "update": []}

    def open(self, field: str, filename: str | None) -> Part:
        if field == "embedding" and filename is not None:
            return self._file.begin()
        if field in self._texts and len(self._texts[field]) < _MOST_TAGS:
            self._texts[field].append(TextPart())
            return self._texts[field][-1]
        raise InputError(
            "The form has a field that does not belong there",
            expected="a file embedding, and perhaps name, tags and update",
            got=repr(field[:100]),
        )

    def complete(self) -> Path:
        return self._file.complete("embedding")

    def text(self, field: str) -> str | None:
        values = self._texts[field]
        return values[-1].value if values else None

    def tags(self) -> tuple[str, ...]:
        tags = tuple(part.value or "" for part in self._texts["tags"])
        for tag in tags:
            if not is_name(tag):
                raise InputError(
                    "A tag cannot be used",
                    expected="1 to 200 printable characters",
                    got=repr(tag[:50]),
                )
        return tags

    def flag(self, field: str) -> bool:
        text = (self.text(field) or "false").lower()
        if text not in ("true", "false", "1", "0"):
            raise InputError(f"The field {field} is a choice", expected="true or false", got=text)
        return text in ("true", "1")
