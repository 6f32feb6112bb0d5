"""The catalogue of errors, read off the error classes and the service's table of statuses."""

import inspect
import pkgutil
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import task2vec_api
from docs.markdown import GENERATED, table
from task2vec.errors import Task2VecError
from task2vec.service.problems import problem_of

_HEADER = f"""\
{GENERATED}

# Errors

Over HTTP an error is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem,
`application/problem+json`. The command line prints the same parts as one sentence and exits with
code 2; in Python it is a subclass of `task2vec.Task2VecError` with the attributes `code`,
`problem`, `expected`, `got` and `remedy`.

```json
{{
  "type": "https://task2vec.dev/errors/unknown_name",
  "title": "Nothing has this name or id",
  "status": 404,
  "code": "unknown_name",
  "detail": "There is no task 'greek_capitls'.",
  "remedy": "Did you mean 'greek_capitals'? List all tasks: `task2vec list`.",
  "request_id": "req_01kb2m5t7y9u1i3o"
}}
```

`code` is stable: programs go by it, never by the wording. Members that have nothing to say are
left out. `request_id` is also the header `X-Request-ID` of every answer, and in the lines of the
server's log. No answer holds a stack trace or a path of the server.

Safe to repeat as they are: 429 and 503, after `Retry-After`; and any POST that carries an
`Idempotency-Key`. The Python clients do both by themselves.

"""


class Entry(NamedTuple):
    """A code: its status (None: never an answer), its meaning, when it comes, what to do."""

    code: str
    status: int | None
    meaning: str
    when: str
    remedy: str


def error_catalogue() -> str:
    """Return the Markdown page of every code: its status, its meaning and what to do."""
    found = list(entries())
    rows = [(f"[`{one.code}`](#{one.code})", _shown(one.status), one.meaning) for one in found]
    parts = [table(("code", "status", "meaning"), rows), *map(_section, found)]
    return _HEADER + "\n\n".join(parts) + "\n"


def entries() -> Iterator[Entry]:
    """Yield every code: those of the classes, then those of HTTP itself."""
    told = advice()
    for kind in kinds():
        if kind.code not in told:
            raise LookupError(f"docs/error_advice.toml says nothing of {kind.code}")
        yield Entry(kind.code, _status(kind), _meaning(kind), **told.pop(kind.code))
    for code, rest in told.items():
        yield Entry(code, **rest)


def advice() -> dict[str, dict[str, Any]]:
    """Return the meaning and the advice for each code, by code."""
    text = Path(__file__).with_name("error_advice.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def kinds() -> Iterator[type[Task2VecError]]:
    """Yield the class of each code, in the order of the tree, those of the service included."""
    for module in pkgutil.walk_packages(task2vec_api.__path__, "task2vec_api."):
        import_module(module.name)
    seen = {Task2VecError.code}
    for kind in _below(Task2VecError):
        # Subclasses elsewhere, or without a code of their own, are a matter of the inside.
        if kind.code not in seen and kind.__module__.startswith(
            ("task2vec.errors", "task2vec_api")
        ):
            seen.add(kind.code)
            yield kind


def _below(kind: type[Task2VecError]) -> Iterator[type[Task2VecError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _status(kind: type[Task2VecError]) -> int | None:
    problem = problem_of(kind(""))
    return problem.status if problem.code == kind.code else None


def _meaning(kind: type[Task2VecError]) -> str:
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    return text.replace("``", "`")


def _section(entry: Entry) -> str:
    where = f"Status {entry.status}." if entry.status else "Not an answer over HTTP."
    return (
        f"## {entry.code}\n\n{entry.meaning} {where}\n\n{entry.when}\n\n"
        f"**What to do:** {entry.remedy}"
    )


def _shown(status: int | None) -> str:
    return "" if status is None else str(status)
