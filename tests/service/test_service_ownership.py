"""While a server runs, only it opens the store."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from task2vec.errors import StoreError, StoreOwnedError
from task2vec.service import keys
from task2vec.service.ownership import Ownership, check_not_owned, server_of
from task2vec.service.workspace import Workspace
from task2vec.types import Scope

OWNER = """
import sys, time
from pathlib import Path
from task2vec.service.ownership import Ownership
with Ownership(Path(sys.argv[1])) as ownership:
    ownership.announce("http://127.0.0.1:1234")
    print("owned", flush=True)
    time.sleep(60)
"""

ASKER = """
import sys
from pathlib import Path
from task2vec.service.ownership import server_of
print("asking", flush=True)
while True:
    server_of(Path(sys.argv[1]))
"""


def owner(store: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OWNER, str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "owned\n"
    return process


def test_others_are_sent_to_the_server(tmp_path: Path) -> None:
    Workspace(tmp_path).store(create=True).close()
    with owner(tmp_path) as process:
        try:
            server = server_of(tmp_path)
            assert server is not None
            assert (server.url, server.pid) == ("http://127.0.0.1:1234", process.pid)
            for create in (False, True):
                with pytest.raises(StoreOwnedError) as caught:
                    Workspace(tmp_path).store(create=create)
                assert "--url http://127.0.0.1:1234" in str(caught.value)
            with pytest.raises(StoreOwnedError), Ownership(tmp_path):
                pass
            # Keys are the exception: they can be revoked in whatever state the server is.
            with Workspace(tmp_path, beside_server=True) as workspace:
                keys.create(workspace, "ada", [Scope.READ])
        finally:
            process.send_signal(signal.SIGKILL)
    check_not_owned(tmp_path)
    with Workspace(tmp_path) as workspace:
        assert [key.name for key in keys.list_all(workspace)] == ["ada"]


def test_a_store_is_free_again_when_its_server_ends(tmp_path: Path) -> None:
    with Ownership(tmp_path) as ownership:
        ownership.announce("http://127.0.0.1:1")
        assert (tmp_path / "server.json").exists()
    assert server_of(tmp_path) is None
    assert not (tmp_path / "server.json").exists()
    with Ownership(tmp_path):
        server = server_of(tmp_path)
        assert server is not None
        assert server.url is None, "it has not said yet where it answers"


def test_a_new_server_is_not_taken_for_one_that_was_killed(tmp_path: Path) -> None:
    card = {"url": "http://127.0.0.1:1", "pid": 1, "started": 0.0}
    (tmp_path / "server.json").write_text(json.dumps(card))
    with Ownership(tmp_path) as ownership:
        server = server_of(tmp_path)
        assert server is not None
        assert (server.url, server.pid) == (None, 0)
        ownership.announce("http://127.0.0.1:2")
        server = server_of(tmp_path)
        assert server is not None
        assert (server.url, server.pid) == ("http://127.0.0.1:2", os.getpid())


def test_asking_leaves_no_trace_and_needs_no_store(tmp_path: Path) -> None:
    assert server_of(tmp_path / "nothing") is None
    check_not_owned(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_question_does_not_keep_a_server_from_starting(tmp_path: Path) -> None:
    with Ownership(tmp_path):
        pass
    command = [sys.executable, "-c", ASKER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "asking\n"
            for _ in range(300):
                with Ownership(tmp_path):
                    assert server_of(tmp_path) is not None
        finally:
            process.kill()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_cannot_be_written_has_no_server(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError), Ownership(tmp_path):
        pass


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError), Ownership(tmp_path / "file"):
        pass
