"""What was recorded of hostile uploads keeps to the goals; the judge knows what does not."""

import json
from pathlib import Path

from hostile.uploads import TABLE, faults


def recorded() -> dict:
    return json.loads(Path(__file__).with_name("uploads.json").read_text())["result"]


def test_every_file_of_the_table_was_refused_at_little_cost() -> None:
    result = recorded()
    assert [row["file"] for row in result["table"]] == [row.name for row in TABLE]
    assert faults({**result, "mutants": []}) == []
    for row in result["table"]:
        assert all(answer.startswith("4") for answer in row["answers"])


def test_no_damaged_file_ended_in_an_error_of_the_server() -> None:
    for row in recorded()["mutants"]:
        assert row["server_mib_above_idle"] <= 300
        assert sum(row["statuses"].values()) == row["files"]
        assert {status[0] for status in row["statuses"]} <= {"2", "4"}


def test_what_costs_too_much_or_fails_is_a_fault() -> None:
    good = {
        "file": "a",
        "answers": ["422 bad_source"],
        "server_mib_above_idle": 1,
        "livez_own_silence_seconds": 0.1,
    }
    changes = (
        {"server_mib_above_idle": 301},
        {"livez_own_silence_seconds": 0.3},
        {"answers": ["500 internal"]},
    )
    assert faults({"table": [good], "mutants": []}) == []
    for change in changes:
        assert len(faults({"table": [{**good, **change}], "mutants": []})) == 1
