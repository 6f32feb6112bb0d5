"""Everything that task2vec raises on purpose.

    Task2VecError
    ├── InputError               what the caller gave cannot be used
    │   ├── SourceError          a source that is no labelled image set, or holds too little of one
    │   ├── UnknownNameError     no task, model or probe has this name
    │   ├── NameTakenError       the name belongs to something else
    │   ├── SettingError         a setting outside its range
    │   │   └── WrongTypeError   an argument of the wrong type; also a TypeError
    │   ├── SpaceMismatchError   embeddings that must not be compared
    │   ├── TooLargeError        more than the limits allow
    │   ├── RefusedAddressError  an address that must not be fetched from
    │   ├── ChangedError         what was to be changed has changed since it was read
    │   ├── PageTokenError       a page token that this list has not given out
    │   ├── KeyReusedError       an idempotency key that stands for another request
    │   └── StateError           not possible in the present state
    │       ├── StillAtWorkError the same request is still being answered
    │       ├── AnswerNotKeptError   the same request was answered, and the answer is not kept
    │       └── LeaseLostError   the job belongs to another worker by now
    ├── StoreError               the store cannot be opened, read or written
    │   ├── NoStoreError         there is none yet
    │   ├── StoreBusyError       somebody else is writing to it
    │   ├── StoreOwnedError      a server works on it: talk to the server
    │   ├── StoreFullError       the disk is full
    │   └── StoreCorruptError    what was read is not what was written
    ├── WeightsError             weights that are missing, altered or do not fit
    ├── MissingExtraError        an optional dependency is not installed
    ├── AccessError              the key does not open this
    │   ├── NotAuthenticatedError    no key, or one that is not valid
    │   └── NotAllowedError          a valid key without the scope
    ├── ServiceError             the server did not answer as it should
    │   ├── UnreachableError         there is no connection to it
    │   ├── OverloadedError          it has too much to do, or this key asks too often
    │   ├── DeadlineError            the time that was given is over
    │   └── InternalError            a fault in the server
    └── JobError                 a job ended without a result
        ├── JobFailedError           it failed
        └── JobCancelledError        it was cancelled

Errors know nothing of transports: the command line and the HTTP service map them to exit
codes and statuses. `EmbeddingWarning` is the category of `warnings.warn` for embeddings that were
made all the same.
"""

from collections.abc import Sequence
from typing import Any, Self

#: A longer value is not repeated in an error.
_LONGEST_VALUE = 40


class EmbeddingWarning(UserWarning):
    """Something about an embedding that its user should know, such as images left out."""


class Task2VecError(Exception):
    """What went wrong, what was expected, what came instead, and how to mend it.

    The parts are kept apart so that a program can show them apart; ``str`` joins them. Every class
    states its ``code``, by which programs tell errors apart; without one it has its parent's.
    """

    code = "error"

    #: By which the log of a server knows the request that failed.
    request_id: str | None = None

    def __init_subclass__(cls, *, code: str | None = None) -> None:
        super().__init_subclass__()
        if code is not None:
            cls.code = code

    def __init__(
        self,
        problem: str,
        *,
        expected: str | None = None,
        got: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.expected = expected
        self.got = got
        self.remedy = remedy

    def __str__(self) -> str:
        return joined(self.problem, expected=self.expected, got=self.got, remedy=self.remedy)


def joined(
    problem: str,
    *,
    expected: str | None = None,
    got: str | None = None,
    remedy: str | None = None,
) -> str:
    """Return the parts of an error as one text of whole sentences."""
    text = problem
    if expected is not None:
        text += f": expected {expected}"
    if got is not None:
        text += f"{',' if expected is not None else ':'} got {got}"
    if not text.endswith((".", "?", "!")):
        text += "."
    return f"{text} {remedy}" if remedy else text


class InputError(Task2VecError, code="bad_input"):
    """What the caller gave cannot be used."""


class SourceError(InputError, code="bad_source"):
    """A source that is no labelled image set, or holds too little of one."""


class UnknownNameError(InputError, code="unknown_name"):
    """Nothing has this name or id."""

    @classmethod
    def of_outcomes(cls, ids: Sequence[str]) -> Self:
        """Return the error for ids, at least one, that no outcome has."""
        more = f", nor have {len(ids) - 1:,} more of those asked for" * (len(ids) > 1)
        return cls(
            f"No outcome has the id '{ids[0]}'{more}",
            remedy="`task2vec outcomes list` shows all.",
        )


class NameTakenError(InputError, code="name_taken"):
    """The name belongs to something else already."""

    @classmethod
    def of_task(cls, name: str) -> Self:
        """Return the error for a name that a stored task has, in words for every interface."""
        return cls(
            f"There is a task named '{name}' already",
            remedy="Replace it with `--update`, or choose another name with `--name` "
            "(`update` and `name` in Python and over HTTP).",
        )


class SettingError(InputError, code="bad_setting"):
    """A setting outside its range."""


class WrongTypeError(SettingError, TypeError, code="wrong_type"):
    """An argument of the wrong type."""

    @classmethod
    def of(cls, argument: str, *, expected: str, got: object, remedy: str | None = None) -> Self:
        """Return the error for a named argument, with the type and the value that came."""
        value = repr(got)
        short = value if len(value) <= _LONGEST_VALUE and "\n" not in value else None
        return cls(
            f"`{argument}` has the wrong type",
            expected=expected,
            got=type(got).__name__ + (f" ({short})" if short else ""),
            remedy=remedy,
        )


class SpaceMismatchError(InputError, code="space_mismatch"):
    """Embeddings of different spaces, which must not be compared."""


class StoreError(Task2VecError, code="store_unavailable"):
    """The store cannot be opened, read or written."""


class NoStoreError(StoreError, code="no_store"):
    """There is no store yet where one was to be read."""


class StoreBusyError(StoreError, code="store_busy"):
    """Somebody else is writing to the store."""


class StoreCorruptError(StoreError, code="store_corrupt"):
    """What was read from the store is not what was written."""


class WeightsError(Task2VecError, code="bad_weights"):
    """Weights that are missing, altered, or do not fit their architecture."""


class MissingExtraError(Task2VecError, code="missing_extra"):
    """An optional dependency is not installed."""


class TooLargeError(InputError, code="too_large"):
    """More than the limits allow."""


class RefusedAddressError(InputError, code="refused_address"):
    """An address that must not be fetched from."""


class ChangedError(InputError, code="changed"):
    """What was to be changed has changed since it was read."""


class PageTokenError(InputError, code="bad_page_token"):
    """A page token that this list has not given out."""


class KeyReusedError(InputError, code="idempotency_key_reused"):
    """An idempotency key that stands for another request already."""


class StateError(InputError, code="wrong_state"):
    """Not possible in the present state of what it is about."""


class StillAtWorkError(StateError, code="still_at_work"):
    """The first request with this idempotency key is still being answered."""


class AnswerNotKeptError(StateError, code="answer_not_kept"):
    """The first request with this idempotency key was answered, with too much to be kept."""


class LeaseLostError(StateError, code="lease_lost"):
    """The job belongs to another worker by now, or to none."""


class StoreOwnedError(StoreError, code="store_owned"):
    """A server works on this store: talk to the server."""


class StoreFullError(StoreError, code="store_full"):
    """The disk is full."""


class AccessError(Task2VecError, code="access_denied"):
    """The key does not open this."""


class NotAuthenticatedError(AccessError, code="unauthenticated"):
    """No key came, or one that is not valid."""


class NotAllowedError(AccessError, code="not_allowed"):
    """A valid key without the scope that this needs."""


class ServiceError(Task2VecError, code="service_unavailable"):
    """The server did not answer as it should."""


class UnreachableError(ServiceError, code="unreachable"):
    """There is no connection to the server."""


class OverloadedError(ServiceError, code="overloaded"):
    """The server has too much to do, or this key asks too often: wait ``retry_after`` seconds."""

    def __init__(self, problem: str, *, retry_after: float = 1.0, **parts: str | None) -> None:
        super().__init__(problem, **parts)
        self.retry_after = retry_after


class DeadlineError(ServiceError, code="deadline_exceeded"):
    """The time that was given is over."""


class InternalError(ServiceError, code="internal"):
    """A fault in the server itself."""


class JobError(Task2VecError, code="job_error"):
    """A job ended without a result; ``job`` is what the server says of it."""

    job: Any = None


class JobFailedError(JobError, code="job_failed"):
    """The job failed."""


class JobCancelledError(JobError, code="job_cancelled"):
    """The job was cancelled."""
