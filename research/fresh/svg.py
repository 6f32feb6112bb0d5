"""SVG pictures drawn by resvg, a pinned program without the machine's fonts."""

import io
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from PIL import Image

from examples.rebuild.packages import PackageError
from research.development.source import Unpack
from research.fresh.packages import RESVG

#: Drawn larger than it is kept, then shrunk.
DRAWN, ENLARGED = 192, "2"
Key = TypeVar("Key")


def resvg(unpack: Unpack) -> Path:
    """Return the program; raise `PackageError` where the package holds none."""
    found = sorted(unpack(RESVG).rglob("scripts/resvg*"))
    if not found:
        raise PackageError(f"{RESVG.name} {RESVG.version} holds no program resvg.")
    # A wheel is a zip archive, which keeps no permission to run.
    found[0].chmod(0o755)
    return found[0]


def rendered(
    program: Path, pictures: Iterable[tuple[Key, bytes]], *, part: str = ""
) -> Iterator[tuple[Key, Image.Image]]:
    """Draw SVG documents, or the element with the id ``part`` of each; leave out broken ones."""
    with ThreadPoolExecutor(2) as pool:
        jobs = [(key, pool.submit(_drawn, program, data, part)) for key, data in pictures]
        for key, job in jobs:
            image = job.result()
            if image is not None:
                yield key, image


def part(program: Path, data: bytes, name: str) -> Image.Image | None:
    """Draw the element with the id ``name``; None where the document lacks it."""
    return _drawn(program, data, name)


def _drawn(program: Path, data: bytes, part: str) -> Image.Image | None:
    # A width would be that of the whole document.
    size = ["-z", ENLARGED, "--export-id", part] if part else ["-w", str(DRAWN)]
    command = [str(program), "--skip-system-fonts", *size]
    done = subprocess.run(
        [*command, "-", "-c"], input=data, capture_output=True, check=False, timeout=60
    )
    if done.returncode != 0 or not done.stdout:
        return None
    with Image.open(io.BytesIO(done.stdout)) as image:
        return image.convert("RGBA")
