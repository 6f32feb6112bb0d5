"""Writes a store as this version makes it, for all later versions to open.

`python tests/frozen/write_store.py` writes `stores/VERSION.tar.gz`. It refuses to replace one: a
store of a version stays as that version wrote it. The answers that it gave are recorded by
`python -m pytest tests/frozen --accept`.
"""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

import small_store
from live_server import LiveServer
from small_network import reference_of

from task2vec import Client, __version__
from task2vec.cli.run import run

STORES = Path(__file__).parent / "stores"
SAVED_INDEX = Path(__file__).parent / "saved_index.py"
TASKS = ("emoji_food", "fashion_tops", "greek_capitals")
#: The job embeds with the packaged probe at its smallest; all else is of a network with 0.1 M
#: parameters, so that embeddings and checkpoint are small.
LINES = (
    "batch sources --images 18 --probe {small} --tag small",
    "models add {small} --name start",
    "finetune emoji_food --from start --images 18 --epochs 1 --name expert",
    "outcomes add efficientnet_lite0 emoji_food --accuracy 0.91 --images 96",
    "outcomes add efficientnet_lite1 emoji_food --accuracy 0.93 --images 96",
    "neighbours emoji_food",
)


def main() -> int:
    """Write the store of this version; return 2 where there is one."""
    target = STORES / f"{__version__}.tar.gz"
    if target.exists():
        print(f"{target} exists. A store of a new version stands beside it.", file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="frozen-") as folder:
        os.chdir(folder)
        _build(Path(folder))
        STORES.mkdir(exist_ok=True)
        with tarfile.open(target, "w:gz") as archive:
            archive.add("store")
        os.chdir(STORES)
    print(f"{target}: {target.stat().st_size} bytes")
    return 0


def _build(root: Path) -> None:
    small = reference_of(Path(), architecture="test_efficientnet")
    for task in TASKS:
        small_store.cut(task, root / "sources" / task, classes=3, images=6)
    for line in LINES:
        code = run([*line.format(small=small).split(), "--store", "store"])
        assert code == 0, line
    server = LiveServer(root / "server.log")
    with server:
        url = server.start((), store=root / "store", folder=root)
        with Client(url) as client:
            client.embed("sources/emoji_food", name="by_a_job", images=6)
    subprocess.run([sys.executable, SAVED_INDEX, "store"], check=True)
    assert list((root / "store" / "index").glob("*.npz"))
    # Last: a server with keys asks for one.
    assert run(["keys", "create", "ci", "--scope", "write", "--store", "store"]) == 0


if __name__ == "__main__":
    sys.exit(main())
