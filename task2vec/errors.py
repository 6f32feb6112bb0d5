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

    The parts are kept apart so that a program can show them apart; ``str`` joins them.
    """

    code = "error"

    #: By which the log of a server knows the request that failed.
    request_id: str | None = None

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


class InputError(Task2VecError):
    """What the caller gave cannot be used."""

    code = "bad_input"


class SourceError(InputError):
    """A source that is no labelled image set, or holds too little of one."""

    code = "bad_source"


class UnknownNameError(InputError):
    """Nothing has this name or id."""

    code = "unknown_name"

    @classmethod
    def of_outcomes(cls, ids: Sequence[str]) -> Self:
        """Return the error for ids, at least one, that no outcome has."""
        more = f", nor have {len(ids) - 1:,} more of those asked for" * (len(ids) > 1)
        return cls(
            f"No outcome has the id '{ids[0]}'{more}",
            remedy="`task2vec outcomes list` shows all.",
        )


class NameTakenError(InputError):
    """The name belongs to something else already."""

    code = "name_taken"

    @classmethod
    def of_task(cls, name: str) -> Self:
        """Return the error for a name that a stored task has, in words for every interface."""
        return cls(
            f"There is a task named '{name}' already",
            remedy="Replace it with `--update`, or choose another name with `--name` "
            "(`update` and `name` in Python and over HTTP).",
        )


class SettingError(InputError):
    """A setting outside its range."""

    code = "bad_setting"


class WrongTypeError(SettingError, TypeError):
    """An argument of the wrong type."""

    code = "wrong_type"

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


class SpaceMismatchError(InputError):
    """Embeddings of different spaces, which must not be compared."""

    code = "space_mismatch"


class StoreError(Task2VecError):
    """The store cannot be opened, read or written."""

    code = "store_unavailable"


class NoStoreError(StoreError):
    """There is no store yet where one was to be read."""

    code = "no_store"


class StoreBusyError(StoreError):
    """Somebody else is writing to the store."""

    code = "store_busy"


class StoreCorruptError(StoreError):
    """What was read from the store is not what was written."""

    code = "store_corrupt"


class WeightsError(Task2VecError):
    """Weights that are missing, altered, or do not fit their architecture."""

    code = "bad_weights"


class MissingExtraError(Task2VecError):
    """An optional dependency is not installed."""

    code = "missing_extra"


class TooLargeError(InputError):
    """More than the limits allow."""

    code = "too_large"


class RefusedAddressError(InputError):
    """An address that must not be fetched from."""

    code = "refused_address"


class ChangedError(InputError):
    """What was to be changed has changed since it was read."""

    code = "changed"


class PageTokenError(InputError):
    """A page token that this list has not given out."""

    code = "bad_page_token"


class KeyReusedError(InputError):
    """An idempotency key that stands for another request already."""

    code = "idempotency_key_reused"


class StateError(InputError):
    """Not possible in the present state of what it is about."""

    code = "wrong_state"


class StillAtWorkError(StateError):
    """The first request with this idempotency key is still being answered."""

    code = "still_at_work"


class AnswerNotKeptError(StateError):
    """The first request with this idempotency key was answered, with too much to be kept."""

    code = "answer_not_kept"


class LeaseLostError(StateError):
    """The job belongs to another worker by now, or to none."""

    code = "lease_lost"


class StoreOwnedError(StoreError):
    """A server works on this store: talk to the server."""

    code = "store_owned"


class StoreFullError(StoreError):
    """The disk is full."""

    code = "store_full"


class AccessError(Task2VecError):
    """The key does not open this."""

    code = "access_denied"


class NotAuthenticatedError(AccessError):
    """No key came, or one that is not valid."""

    code = "unauthenticated"


class NotAllowedError(AccessError):
    """A valid key without the scope that this needs."""

    code = "not_allowed"


class ServiceError(Task2VecError):
    """The server did not answer as it should."""

    code = "service_unavailable"


class UnreachableError(ServiceError):
    """There is no connection to the server."""

    code = "unreachable"


class OverloadedError(ServiceError):
    """The server has too much to do, or this key asks too often: wait ``retry_after`` seconds."""

    code = "overloaded"

    def __init__(self, problem: str, *, retry_after: float = 1.0, **parts: str | None) -> None:
        super().__init__(problem, **parts)
        self.retry_after = retry_after


class DeadlineError(ServiceError):
    """The time that was given is over."""

    code = "deadline_exceeded"


class InternalError(ServiceError):
    """A fault in the server itself."""

    code = "internal"


class JobError(Task2VecError):
    """A job ended without a result; ``job`` is what the server says of it."""

    code = "job_error"
    job: Any = None


class JobFailedError(JobError):
    """The job failed."""

    code = "job_failed"


class JobCancelledError(JobError):
    """The job was cancelled."""

    code = "job_cancelled"
