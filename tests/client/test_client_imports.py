"""What loading a client costs: none of the machinery."""

import subprocess
import sys

import pytest

import task2vec
from task2vec import errors

HEAVY = ("torch", "faiss", "sqlalchemy", "numpy", "PIL", "sklearn", "scipy", "timm", "matplotlib")


def test_a_client_loads_none_of_the_machinery() -> None:
    code = "\n".join(
        (
            "import sys, task2vec; task2vec.Task2VecError",
            "from task2vec import Client, AsyncClient, LocalClient",
            "client = Client('http://127.0.0.1:1'); client.close()",
            f"print([m for m in {HEAVY!r} if m in sys.modules])",
        )
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_every_public_name_resolves() -> None:
    found = {name: getattr(task2vec, name) for name in task2vec.__all__}

    assert all(callable(value) for value in found.values())
    assert set(task2vec.__all__) <= set(dir(task2vec))
    assert not {"Any", "TYPE_CHECKING", "import_module", "sys"} & set(dir(task2vec))
    with pytest.raises(AttributeError, match="nosuch"):
        task2vec.nosuch  # noqa: B018


def test_every_error_is_a_public_name() -> None:
    kinds = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.Task2VecError)
    }

    assert len(kinds) > 30
    assert {name: getattr(task2vec, name) for name in kinds} == kinds
    assert set(kinds) <= set(task2vec.__all__)


def with_core_only(code: str) -> str:
    """Return what code prints where none of the packages of the extras is installed."""
    hidden = (*HEAVY[:3], *HEAVY[4:], "torchvision", "safetensors", "yaml", "alembic", "filelock")
    hide = f"import sys; sys.modules.update(dict.fromkeys({hidden!r}))\n"
    done = subprocess.run(
        [sys.executable, "-c", hide + code], capture_output=True, text=True, check=True
    )
    return done.stdout


LOCAL = (
    *("embed('.')", "information('.')", "open_source('.')", "LocalClient('a')", "LocalClient()"),
    "InformationMonitor(None, None, None)",
)


def test_local_work_without_its_extra_names_the_extra_and_the_server() -> None:
    told = with_core_only(
        "import task2vec\n"
        f"for call in {LOCAL!r}:\n"
        "    try: eval(f'task2vec.{call}')\n"
        "    except task2vec.MissingExtraError as error: print(' '.join(str(error).split()))"
    ).splitlines()

    assert len(told) == len(LOCAL)
    for each in told:
        assert "pip install 'task2vec[local]'" in each
        assert "task2vec.Client(url)" in each
        assert "--url" in each


def test_what_a_client_needs_is_there_without_extras() -> None:
    # All that is public and does no local work.
    needing = {"InformationMonitor", "embed", "information", "open_source"}
    names = [name for name in task2vec.__all__ if name not in needing]
    code = f"import task2vec; print([getattr(task2vec, name) and 1 for name in {names!r}] != [])"

    assert with_core_only(code) == "True\n"
