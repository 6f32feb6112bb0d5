"""Build the page of the atlas into the package that serves it; `python web/build.py [--check]`.

With ``--check`` nothing is written, and what lies in the package has to be what would be built.
Where npm is not there, or reaches no registry, nothing is done: who has not changed the page needs
neither.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from task2vec.service.workspace import Workspace
from task2vec_api import create_app

WEB = Path(__file__).parent
TARGET = WEB.parent / "api" / "task2vec_api" / "pages" / "atlas"


def main() -> int:
    """Build, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(";")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not here: the page of the atlas is taken as it is.", file=sys.stderr)
        return 0
    if not _install(npm):
        print("npm installed nothing: the page of the atlas is taken as it is.", file=sys.stderr)
        return 0
    subprocess.run([npm, "run", "--silent", "types"], input=_document(), cwd=WEB, check=True)
    subprocess.run([npm, "run", "--silent", "check"], cwd=WEB, check=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "run", "--silent", "build", "--", folder], cwd=WEB, check=True)
        built = _files(Path(folder))
    present = _files(TARGET)
    differing = sorted(name for name in {*built, *present} if built.get(name) != present.get(name))
    if check and differing:
        print(
            f"{TARGET} is not what web/ gives: {', '.join(differing)}. "
            "Run `python web/build.py` and commit what it writes.",
            file=sys.stderr,
        )
        return 1
    if differing and not check:
        shutil.rmtree(TARGET, ignore_errors=True)
        TARGET.mkdir()
        for name, data in built.items():
            (TARGET / name).write_bytes(data)
    return 0


def _install(npm: str) -> bool:
    """Install what `package-lock.json` names, unless that was done; False without a network."""
    lock, done = WEB / "package-lock.json", WEB / "node_modules" / ".installed"
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        if subprocess.run([npm, "ci", "--prefer-offline"], cwd=WEB, check=False).returncode:
            return False
        done.write_bytes(lock.read_bytes())
    return True


def _document() -> bytes:
    """Return the OpenAPI document of this version; no store is opened."""
    return json.dumps(create_app(Workspace(Path("no-store"))).openapi()).encode()


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


if __name__ == "__main__":
    raise SystemExit(main())
