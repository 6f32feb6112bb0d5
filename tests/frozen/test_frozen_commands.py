"""What every command prints with `--json`, its exit code, and what reaches a worker."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from frozen_json import FOLDER, RELATIVE
from session import LINES, LOOSE, NAMES, record

from docs.reference import commands


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    root = tmp_path_factory.mktemp("frozen") / "session"
    root.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("TASK2VEC_")]:
            if name != "TASK2VEC_CACHE":
                patched.delenv(name)
        # What other runs measured would be taken from there.
        patched.setattr("task2vec.finetuning.probe_cache.FOLDER", str(root.parent / "probes"))
        patched.chdir(root)
        yield record(root)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_does_what_it_did(
    name: str, session: dict[str, Any], frozen: Callable[..., None]
) -> None:
    frozen(f"commands/{name}.json", session[name], relative=LOOSE.get(name, RELATIVE))


def test_every_command_is_frozen() -> None:
    known = {" ".join(path[1:]) for path, one in commands() if not getattr(one, "commands", None)}
    words = {line: line.split() for line in LINES.values()}
    run = {" ".join(w[:n]) for w in words.values() for n in (1, 2)}
    assert known - run == set(), "add a line for each to tests/frozen/session.py"


def test_every_document_belongs_to_a_command() -> None:
    assert {path.stem for path in Path(FOLDER / "commands").iterdir()} == set(NAMES)
