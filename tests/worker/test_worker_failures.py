"""The report of a failure: whether it is tried again, and nothing about this machine."""

import errno
from pathlib import Path

import pytest
import torch

from task2vec.errors import (
    MissingExtraError,
    OverloadedError,
    SettingError,
    SourceError,
    UnreachableError,
    WeightsError,
)
from task2vec.worker.job import failure_of


def told(error, **shown):
    files = {Path(f"/tmp/worker/{name}.zip"): called for name, called in shown.items()}
    return failure_of(error, fence=7, shown=files)


def too_much_memory():
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**50)
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        too_much_memory(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_without_memory_it_is_tried_again(error):
    found = told(error)
    assert (found.fence, found.code, found.transient) == (7, "out_of_memory", True)


@pytest.mark.parametrize("kind", [SourceError, SettingError, WeightsError])
def test_a_bad_question_is_not_tried_again(kind):
    error = kind("No", expected="this", got="that", remedy="Do.")
    found = told(error)
    assert found.model_dump() == {
        "fence": 7,
        "code": kind.code,
        "problem": "No",
        "expected": "this",
        "got": "that",
        "remedy": "Do.",
        "transient": False,
    }


@pytest.mark.parametrize("kind", [UnreachableError, OverloadedError])
def test_a_bad_connection_is_tried_again(kind):
    found = told(kind("No"))
    assert (found.code, found.transient) == (kind.code, True)


def test_a_full_disk_is_tried_again():
    found = told(OSError(errno.ENOSPC, "No space left on device"))
    assert (found.code, found.transient) == ("worker_disk_full", True)


def test_what_nobody_foresaw_is_tried_again_and_told_by_its_kind_alone():
    found = told(ZeroDivisionError("the secret"))
    assert (found.code, found.transient, found.got) == ("internal", True, "ZeroDivisionError")
    assert "secret" not in found.model_dump_json()


def test_files_of_this_machine_have_the_names_that_others_know():
    error = SourceError(
        "/tmp/worker/ab.zip is no zip", got="/tmp/worker/ab.zip and /tmp/worker/cd.zip"
    )
    found = told(error, ab="birds", cd="dogs")
    assert (found.problem, found.got) == ("birds is no zip", "birds and dogs")


def test_long_texts_fit_the_wire():
    assert told(SourceError("x" * 20_000)).problem == "x" * 10_000


def test_what_the_worker_lacks_is_not_taken_for_missing_at_the_client():
    error = MissingExtraError("This needs pyarrow", remedy="pip install 'task2vec[parquet]'.")
    found = told(error)
    assert (found.code, found.transient) == ("missing_extra", False)
    assert found.problem == "This needs pyarrow (on the worker, not here)"
    assert found.remedy == "On the machine of the worker: pip install 'task2vec[parquet]'."
