"""Generated requests against the document, its links followed: a small run of the benchmark."""

import shutil
from pathlib import Path

from filled import built
from fuzzing.run import fuzz


def test_generated_requests_find_no_fault_and_no_broken_promise(tmp_path: Path) -> None:
    shutil.copytree(built(), tmp_path / "store")

    found = fuzz(
        tmp_path / "store",
        tmp_path,
        cases=2,
        workers=0,
        taken="fuzzing,stateful",
        refused="fuzzing",
    )

    assert found["positive"]["failures"] == {}
    assert found["negative"]["failures"] == {}
    assert found["answers_5xx"] == 0
    assert found["positive"]["exit"] == found["negative"]["exit"] == 0
    assert found["cases"] >= 200
    assert found["share_2xx"] >= 0.25
    # What was meant to be refused was, and not for the way it was sent.
    assert found["negative"]["share_2xx"] < 0.1
    assert found["negative"]["statuses"]["422"] > found["negative"]["cases"] / 2
