"""Everything that task2vec raises on purpose.

    Task2VecError
    ├── InputError               what the caller gave cannot be used
    │   ├── SourceError          a source that is no labelled image set, or holds too little of one
    │   ├── UnknownNameError     no task, model or probe has this name
    │   ├── NameTakenError       the name belongs to something else
    │   ├── SettingError         a setting outside its range
    │   └── SpaceMismatchError   embeddings that must not be compared
    ├── StoreError               the store cannot be opened, read or written
    │   ├── NoStoreError         there is none yet
    │   ├── StoreBusyError       somebody else is writing to it
    │   └── StoreCorruptError    what was read is not what was written
    ├── WeightsError             weights that are missing, altered or do not fit
    └── MissingExtraError        an optional dependency is not installed

Errors know nothing of transports: the command line and the HTTP service map them to exit
codes and statuses.
"""


class Task2VecError(Exception):
    """What went wrong, what was expected, what came instead, and how to mend it.

    The parts are kept apart so that a program can show them apart; ``str`` joins them.
    """

    code = "error"

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
        text = self.problem
        if self.expected is not None:
            text += f": expected {self.expected}"
        if self.got is not None:
            text += f"{',' if self.expected is not None else ':'} got {self.got}"
        if not text.endswith("."):
            text += "."
        return f"{text} {self.remedy}" if self.remedy else text


class InputError(Task2VecError):
    """What the caller gave cannot be used."""

    code = "bad_input"


class SourceError(InputError):
    """A source that is no labelled image set, or holds too little of one."""

    code = "bad_source"


class UnknownNameError(InputError):
    """No task, model or probe has this name."""

    code = "unknown_name"


class NameTakenError(InputError):
    """The name belongs to something else already."""

    code = "name_taken"


class SettingError(InputError):
    """A setting outside its range."""

    code = "bad_setting"


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
