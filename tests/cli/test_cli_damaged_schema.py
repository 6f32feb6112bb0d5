"""A database whose schema is damaged: every command says so, with a remedy."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command import Cli

from task2vec.store.opening import DATABASE


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_a_trigger_that_cannot_be_decoded_is_told_as_damage(
    cli: Cli, store: Path, command: str
) -> None:
    with closing(sqlite3.connect(store / DATABASE)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (store / DATABASE).read_bytes()
    before, after = b"ON models BEGIN UPDATE", b"ON models \xc2EGIN UPDATE"
    assert before in data
    (store / DATABASE).write_bytes(data.replace(before, after))
    result = cli(command, "--store", store)
    said = " ".join((result.out + result.err).split())
    assert result.code != 0
    assert f"{DATABASE} is damaged" in said
    assert "Restore it from a copy" in said
    assert "did not foresee" not in said
