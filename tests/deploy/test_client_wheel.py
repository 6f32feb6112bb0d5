"""The wheel alone, in an environment of its own: a client that needs nothing of the server's."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from deployment import HEAVY, ROOT, index_is_missing
from live_server import LiveServer
from small_store import cut


@pytest.fixture(scope="module")
def client_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a fresh environment that holds the wheel and what it requires."""
    if missing := index_is_missing():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("client")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("task2vec-*.whl")
    venv.create(folder / "env")
    python = folder / "env" / "bin" / "python"
    # What is not imported need not be compiled.
    subprocess.run([*pip, "--python", python, "install", "--no-compile", wheel], check=True)
    return python


def run(python: Path, code: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [python, "-I", "-c", code, *arguments], cwd=python.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_heavy_is_installed(client_python) -> None:
    code = """
import json
from importlib.metadata import distributions
print(json.dumps([found.name.lower() for found in distributions()]))
"""
    installed = set(json.loads(run(client_python, code)))
    assert {"task2vec", "httpx2", "pydantic"} <= installed
    assert installed & HEAVY == set()


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_the_clients_need_nothing_heavy(name, client_python) -> None:
    code = f"import task2vec; print(task2vec.{name}.__name__, task2vec.__file__)"
    shown, where = run(client_python, code).split()
    assert shown == name
    assert Path(where).is_relative_to(client_python.parents[1])


def test_it_does_the_main_job_by_a_server_in_another_environment(client_python, tmp_path) -> None:
    code = """
import json, sys
from task2vec import Client

url, first, second = sys.argv[1:]
with Client(url) as client:
    told = []
    task = client.embed(first, images=16, progress=lambda now: told.append(now.stage))
    client.embed(second, images=16)
    found = client.search(task.name).neighbours
    between = client.distance(first, second, images=16)
    listed = [one.name for one in client.tasks.list()]
heavy = [name for name in ("torch", "faiss", "sqlalchemy", "timm", "PIL") if name in sys.modules]
print(json.dumps([listed, [near.name for near in found], between.symmetric, told != [], heavy]))
"""
    sources = [cut(name, tmp_path / name) for name in ("greek_capitals", "emoji_food")]
    with LiveServer(tmp_path / "server.log") as server:
        url = server.start(
            [], store=tmp_path / "store", folder=tmp_path, environment={"OMP_NUM_THREADS": "1"}
        )
        server.wait_until_ready()
        shown = run(client_python, code, url, *sources)
    listed, near, between, followed, heavy = json.loads(shown)
    assert listed == ["emoji_food", "greek_capitals"]
    assert near == ["emoji_food"]
    assert 0.2 < between < 1
    assert followed
    assert heavy == []


def test_a_command_whose_extra_is_missing_names_the_install_line(client_python) -> None:
    program = client_python.with_name("task2vec")
    assert subprocess.run([program, "--help"], capture_output=True).returncode == 0
    done = subprocess.run([program, "serve"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'task2vec[server]'" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
