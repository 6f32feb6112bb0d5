"""The form by which a worker hands in what it found."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from task2vec.errors import InputError
from task2vec.messages.leases import Findings
from task2vec.service.uploads import begin_upload
from task2vec.service.workspace import Workspace
from task2vec_api.forms import Part, TextPart, UploadPart

_ROLES = ("task", "source", "target")
_FILES = {
    **{f"embedding.{role}": ".npz" for role in _ROLES},
    **{f"thumbnail.{role}": ".png" for role in _ROLES},
    "checkpoint": ".safetensors",
}
_LARGEST_FINDINGS = 16 * 2**20

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["findings"],
                    "additionalProperties": False,
                    "properties": {
                        "findings": {"$ref": "#/components/schemas/Findings"},
                        **{name: {"type": "string", "format": "binary"} for name in _FILES},
                    },
                },
                "encoding": {"findings": {"contentType": "application/json"}},
                "example": {"findings": {"fence": 1, "seconds": 12.5, "warnings": []}},
            }
        },
    }
}


class FindingsForm:
    """Takes in the findings and their files; leaving it removes what was not taken over."""

    def __init__(self, workspace: Workspace, *, largest: int) -> None:
        self._workspace = workspace
        self._largest = largest
        self._stack = ExitStack()
        self._text = TextPart(largest=_LARGEST_FINDINGS)
        self._files: dict[str, UploadPart] = {}

    def open(self, field: str, filename: str | None) -> Part:
        """Give a part its place; raises `InputError` for one that does not belong there."""
        if field == "findings":
            return self._text
        if field in _FILES and filename is not None and field not in self._files:
            upload = begin_upload(self._workspace, largest=self._largest, suffix=_FILES[field])
            self._files[field] = UploadPart(self._stack.enter_context(upload))
            return self._files[field].begin()
        raise InputError(
            "The form has a field that does not belong there",
            expected=f"findings, and files {', '.join(_FILES)}",
            got=repr(field[:100]),
        )

    def findings(self) -> Findings:
        """Return the findings. Raises `RequestValidationError` for none, or what does not fit."""
        try:
            return Findings.model_validate_json(self._text.value or "")
        except ValidationError as error:
            faults = [{**fault, "loc": ("findings", *fault["loc"])} for fault in error.errors()]
            raise RequestValidationError(faults) from error

    def files(self) -> dict[str, Path]:
        """Return the files that came, by the field of the form."""
        return {field: part.complete(field) for field, part in self._files.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
