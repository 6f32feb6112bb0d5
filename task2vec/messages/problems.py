"""Errors as RFC 9457 problem details."""

from typing import Self

from pydantic import ConfigDict, Field

from task2vec.errors import Task2VecError, joined
from task2vec.messages.base import Answer


class Problem(Answer):
    """What went wrong, in parts: a stable ``code`` for programs, the rest for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "https://task2vec.dev/errors/unknown_name",
                    "title": "Nothing has this name or id",
                    "status": 404,
                    "code": "unknown_name",
                    "detail": "There is no task 'greek_capitls'.",
                    "remedy": "Did you mean 'greek_capitals'?",
                    "request_id": "req_01kb2m5t7y9u1i3o",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    expected: str | None = None
    got: str | None = None
    remedy: str | None = None
    request_id: str | None = None
    fields: tuple["FieldProblem", ...] = Field(
        (), description="For a request that does not fit its schema: each fault."
    )

    @classmethod
    def of(cls, error: Task2VecError, *, status: int) -> Self:
        """Return an error as a problem document."""
        return cls(
            title=type(error).__doc__ or "",
            status=status,
            code=error.code,
            detail=error.problem,
            expected=error.expected,
            got=error.got,
            remedy=error.remedy,
            request_id=error.request_id,
        )

    def __str__(self) -> str:
        """Read as the error that it stands for."""
        faults = "; ".join(f"{fault.field}: {fault.problem}" for fault in self.fields)
        return joined(
            # Its end is set after what was expected and what came.
            self.detail.removesuffix("."),
            expected=self.expected,
            got=self.got or faults or None,
            remedy=self.remedy,
        )


class FieldProblem(Answer):
    """One field that does not fit."""

    field: str
    problem: str
