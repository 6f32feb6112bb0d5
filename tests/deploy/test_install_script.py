"""deploy/install.sh: a working server in an empty folder, and nothing else touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from deployment import INSTALL, index_is_missing


def install(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(INSTALL), *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "which FOLDER?"),
        (["a", "b"], "one FOLDER, got 'a' and 'b'"),
        (["a", "--python"], "--python needs a value"),
        (["--pyhton", "x", "a"], "there is no option --pyhton"),
        (["a", "--wheel", "none.whl"], "there is no wheel 'none.whl'"),
        (["a", "--python", "false"], "'false' must be Python 3.11 or later"),
    ],
)
def test_wrong_usage_is_told_and_changes_nothing(arguments, problem, tmp_path) -> None:
    placed = [str(tmp_path / word) if word in "ab" else word for word in arguments]
    done = install(*placed)
    assert done.returncode == 2
    assert problem in done.stderr.replace(f"{tmp_path}/", "")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(tmp_path) -> None:
    (tmp_path / "store.sqlite").write_text("precious")
    done = install(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["store.sqlite"]


def test_help_names_every_option() -> None:
    done = install("--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--python", "--torch-index", "--wheel"))


def test_it_installs_a_server_into_an_empty_folder(tmp_path) -> None:
    if missing := index_is_missing():
        pytest.skip(missing)
    folder = tmp_path / "server"
    done = install(
        folder,
        *("--python", sys.executable),
        TASK2VEC_CACHE=str(tmp_path / "weights"),
        PYTHONPATH="",
        # What is not imported here need not be compiled. pip takes the value for that of `compile`.
        PIP_NO_COMPILE="0",
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "weights intact" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(f"{folder}/bin/task2vec serve")

    # Away from the source tree: what runs is what was installed.
    code = """
import sys, task2vec, task2vec_api
from task2vec.cli.run import run
print(task2vec.__file__, flush=True)
sys.exit(run(["probes", "--json"]))
"""
    ran = subprocess.run(
        [folder / "bin" / "python", "-c", code],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    where, probes = ran.stdout.split("\n", 1)
    assert Path(where).is_relative_to(folder)
    assert "efficientnet_lite0" in [probe["name"] for probe in json.loads(probes)["probes"]]
