"""The log: a line for each event, as JSON or for people, with the request's id, no secret."""

import logging
import logging.config
import re
from contextvars import ContextVar
from typing import Any

from task2vec.service.keys import KEY_IN_TEXT
from task2vec.types.names import visible

logger = logging.getLogger("task2vec.server")
access_logger = logging.getLogger("task2vec.access")

current_request: ContextVar[str | None] = ContextVar("request", default=None)

_SECRETS = (
    # Keys of ours wherever they stand, and whatever follows the names of headers that carry one.
    KEY_IN_TEXT,
    re.compile(r"(?i)(?<=bearer )\S+"),
    re.compile(r"(?i)(?<=authorization: )\S+"),
)


_LONGEST_PATH = 200


def logged_path(path: str) -> str:
    """Return the path of a request as logs tell it: its beginning, without control characters."""
    shown = visible(path[:_LONGEST_PATH])
    return shown if len(path) <= _LONGEST_PATH else f"{shown}..."


def redact(text: str) -> str:
    """Replace everything in a text that looks like a key."""
    for pattern in _SECRETS:
        text = pattern.sub("[redacted]", text)
    return text


class WithoutSecrets(logging.Filter):
    """Adds the request's id to a record, and redacts its message and its arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; keep every one."""
        if not hasattr(record, "request_id"):
            record.request_id = current_request.get()
        # The same message once more, for a terminal.
        record.__dict__.pop("color_message", None)
        record.msg, record.args = redact(record.getMessage()), None
        for name, value in record.__dict__.items():
            if isinstance(value, str) and name not in _OWN:
                record.__dict__[name] = redact(value)
        return True


_OWN = frozenset(logging.makeLogRecord({}).__dict__)


def configure(*, level: str, style: str) -> None:
    """Send the logs of this process to stderr, as JSON lines or as text."""
    logging.config.dictConfig(_layout(level=level.upper(), style=style))


def _layout(*, level: str, style: str) -> dict[str, Any]:
    levels = {"task2vec": level, "uvicorn.error": level}
    if style == "text" and level == "INFO":
        # What it says of its start and end is said in our own words.
        levels["uvicorn.error"] = "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secrets": {"()": WithoutSecrets}},
        "formatters": {
            "json": {
                "()": "task2vec_api.logs.json_formatter",
            },
            "text": {"()": "task2vec_api.logs.TextFormatter"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": style,
                "filters": ["secrets"],
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {
            name: {"handlers": ["stderr"], "level": at, "propagate": False}
            for name, at in levels.items()
        },
    }


class RedactingMixin:
    """Redacts what a formatter makes of an exception, which no filter sees."""

    def formatException(self, info: Any) -> str:  # noqa: N802 - the name is logging's
        """Return the traceback without secrets."""
        return redact(super().formatException(info))  # type: ignore[misc]


class TextFormatter(RedactingMixin, logging.Formatter):
    """A line for people; only tracebacks take more than one.

    The time, the level where it is more than INFO, the message, how long a request took, its id.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as above
        """Return the line with escapes for what would disturb a terminal or forge another line."""
        parts = [record.asctime]
        if record.levelno != logging.INFO:
            parts.append(record.levelname)
        parts.append(record.message)
        milliseconds = getattr(record, "milliseconds", None)
        if milliseconds is not None:
            parts.append(f"in {milliseconds:,.0f} ms")
        request_id = getattr(record, "request_id", None)
        if request_id is not None:
            parts.append(f"[{request_id}]")
        return visible(" ".join(parts))

    def formatException(self, info: Any) -> str:  # noqa: N802 - as above
        """Return the traceback likewise, in its lines."""
        return "\n".join(map(visible, super().formatException(info).split("\n")))


def json_formatter() -> logging.Formatter:
    """Return the formatter of JSON lines."""
    from pythonjsonlogger.json import JsonFormatter

    class _Lines(RedactingMixin, JsonFormatter):
        pass

    return _Lines(
        ["levelname", "name", "message", "request_id"],
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger"},
    )
