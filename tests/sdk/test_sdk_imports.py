"""What loading a client costs: none of the machinery."""

import subprocess
import sys

import pytest

import task2vec

HEAVY = ("torch", "faiss", "sqlalchemy", "numpy", "PIL", "sklearn", "scipy", "timm", "matplotlib")


@pytest.mark.parametrize(
    "code",
    [
        "import task2vec; task2vec.Task2VecError",
        "from task2vec import Client, AsyncClient, LocalClient",
        "from task2vec import Client; client = Client('http://127.0.0.1:1'); client.close()",
    ],
)
def test_a_client_loads_none_of_the_machinery(code: str) -> None:
    code += f"\nimport sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_every_public_name_resolves() -> None:
    found = {name: getattr(task2vec, name) for name in task2vec.__all__}

    assert all(callable(value) for value in found.values())
    assert set(task2vec.__all__) <= set(dir(task2vec))
    with pytest.raises(AttributeError, match="nosuch"):
        task2vec.nosuch  # noqa: B018
