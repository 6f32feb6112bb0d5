"""Linear probes and short fine-tunings that were measured before, in files of a folder.

A measurement is known by the bytes of the images, the weights and preprocessing of the model, and
the versions that computed it, so that a change of any is another measurement. A file is a cache:
one that is damaged or cannot be written costs a measurement, nothing else. Only a file whose bytes
were read and are wrong is removed.
"""

import json
import os
import platform
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from task2vec.atomic_file import atomic_file, is_partial
from task2vec.data.pixels.prefetch import allowed_processors
from task2vec.probe.cache import cache_folder
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.types.tuning import Recipe


def machine() -> str:
    """Return the name of the processor, and how many threads compute on it."""
    cores = allowed_processors()
    # As torch reads it, which need not be loaded here.
    return f"{processor()}, {os.environ.get('OMP_NUM_THREADS') or cores} threads of {cores} cores"


@cache
def processor() -> str:
    """Return the name of the processor, or of its kind where the system does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


T = TypeVar("T")

#: What images are drawn by: the same ones for every model.
SEED = 0
#: The folder inside `cache_folder`, for what is measured where there is no store.
FOLDER = "linear-probes"
#: The folder inside a store, which holds its measurements: they belong to the store.
STORED = "measured"
#: Files at most, of some 500 bytes each; the ones that were not used for longest go first.
MOST = 4096
#: What reading a damaged file raises, however it is damaged; deep nesting is a `RecursionError`.
_WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
# Files of any other name in the folder are not ours: they are neither read nor removed.
_NAME = re.compile(r"[0-9a-f]{64}\.json")
# Bytes. A file has one digit per image, so that this holds a million of them.
_LARGEST = 1024 * 1024
# Raised where the same images and model would give another probe.
_FORM = 3


@dataclass(frozen=True)
class Pace:
    """Seconds that a probe took: to ``read`` its ``images``, and ``passed`` in the network."""

    read: float = 0.0
    passed: float = 0.0
    images: int = 0

    @property
    def an_image(self) -> float:
        """The seconds that the network took for each image."""
        return self.passed / max(self.images, 1)


@dataclass(frozen=True, eq=False)
class KnownProbe:
    """A linear probe or short fine-tuning, the seconds that it took in all, and its `Pace`.

    ``machine`` is where that was timed, empty where it is not known.
    """

    found: ProbeAccuracy
    seconds: float
    pace: Pace = Pace()
    machine: str = ""


class ProbeCache:
    """Measurements by their key, see `key`."""

    def __init__(self, *folders: Path) -> None:
        """Use folders, which need not exist yet: all are read, the first that can be is written to.

        Without any, the folder of this user.
        """
        self._folders = folders or (cache_folder() / FOLDER,)
        self._versions = {
            name: version(name) for name in ("task2vec", "timm", "torch", "scikit-learn")
        }

    @classmethod
    def of_store(cls, store: Path) -> "ProbeCache":
        """Return that of a store's folder, which reads what this user measured without it, too."""
        return cls(store / STORED, cache_folder() / FOLDER)

    def key(self, *, images: str, model: str) -> str:
        """Return the key of a measurement; ``images`` and ``model`` are digests of these."""
        about = json.dumps([_FORM, images, model, self._versions], sort_keys=True)
        return sha256(about.encode()).hexdigest()

    def get(self, key: str) -> KnownProbe | None:
        """Return a measurement; None where it is not known, or its file is damaged."""
        return self._get(key, _read_probe)

    def put(self, key: str, known: KnownProbe) -> None:
        """Keep a measurement, and forget the oldest beyond `MOST`."""
        found = known.found
        self._put(
            key,
            {
                "correct": "".join("01"[int(each)] for each in found.correct),
                "error": found.error,
                "recipe": found.recipe,
                "seconds": known.seconds,
                "pace": asdict(known.pace),
                "machine": known.machine,
            },
        )

    def drawn(self, files: str, images: int) -> str | None:
        """Return the digest of the images that were drawn from files by their signature.

        It tells which images a task's measurements are of when the images are not at hand. None
        where it was not noted.
        """
        return self._get(self._drawing(files, images), lambda about: str(about["drawn"]))

    def note_drawn(self, files: str, images: int, digest: str) -> None:
        """Note what `drawn` returns."""
        if self.drawn(files, images) != digest:
            self._put(self._drawing(files, images), {"drawn": digest})

    def _drawing(self, files: str, images: int) -> str:
        return self.key(images=f"{files} {images}", model="which images are drawn")

    def _get(self, key: str, read: Callable[[dict[str, Any]], T]) -> T | None:
        for folder in self._folders:
            path = folder / f"{key}.json"
            try:
                about = _read_file(path)
                value = read(about)
            except OSError:
                # A disk or a process that is short of something now says nothing about the file.
                continue
            except _WRONG:
                with suppress(OSError):
                    path.unlink()
                continue
            with suppress(OSError):
                os.utime(path)
            if folder != self._folders[0]:
                self._put(key, about)
            return value
        return None

    def _put(self, key: str, about: dict[str, Any]) -> None:
        text = json.dumps({**about, "sha256": _digest(key, about)})
        for folder in self._folders:
            with suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                with atomic_file(folder / f"{key}.json") as place:
                    place.write_text(text, encoding="utf-8")
                break
        else:
            return
        _forget(folder)


def _read_probe(about: dict[str, Any]) -> KnownProbe:
    correct = np.array([each == "1" for each in about["correct"]], dtype=np.bool_)
    # Files of earlier versions have no recipe: all are linear probes.
    recipe = about.get("recipe")
    accuracy = ProbeAccuracy(correct, about["error"], recipe and Recipe(recipe))
    pace, machine = Pace(**about["pace"]), str(about["machine"])
    return KnownProbe(accuracy, float(about["seconds"]), pace, machine)


def _read_file(path: Path) -> dict[str, Any]:
    """Return what a file holds.

    Raises `OSError` where it cannot be read, and one of `_WRONG` where its bytes are wrong.
    """
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(path.name)
    about: dict[str, Any] = json.loads(data)
    if about.pop("sha256") != _digest(path.stem, about):
        raise ValueError(path.name)
    return about


@dataclass(frozen=True)
class Unusable:
    """Files in a folder of measurements that are of no use: each costs nothing but its space.

    ``damaged``: the bytes are not those that were written. ``partial``: a killed process left it,
    and a later write removes it. ``foreign``: of another name, or no file.
    """

    damaged: tuple[Path, ...]
    partial: tuple[Path, ...]
    foreign: tuple[Path, ...]


def unusable(folder: Path) -> Unusable:
    """Return what is of no use in a folder of measurements, which need not exist.

    A file that cannot be read now is none of these. Raises `OSError` where the folder cannot be
    listed.
    """
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    own = {path for path in paths if _NAME.fullmatch(path.name) and path.is_file()}
    partial = {path for path in paths if is_partial(path)}
    return Unusable(
        tuple(path for path in paths if path in own and _is_damaged(path)),
        tuple(path for path in paths if path in partial),
        tuple(path for path in paths if path not in own | partial),
    )


def remove_damaged(store: Path) -> list[Path]:
    """Remove the damaged measurements of a store's folder; return those that are gone."""
    gone = []
    with suppress(OSError):
        for path in unusable(store / STORED).damaged:
            with suppress(OSError):
                path.unlink()
                gone.append(path)
    return gone


def _is_damaged(path: Path) -> bool:
    try:
        _read_file(path)
    except OSError:
        return False
    except _WRONG:
        return True
    return False


def _forget(folder: Path) -> None:
    """Remove the oldest measurements beyond `MOST`; another process may do the same at once."""
    with suppress(OSError):
        own = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        if len(own) <= MOST:
            return
        ages = []
        for path in own:
            with suppress(OSError):
                if path.is_file():
                    ages.append((path.stat().st_mtime, path))
        for _, path in sorted(ages)[: max(len(ages) - MOST, 0)]:
            with suppress(OSError):
                path.unlink()


def _digest(key: str, about: dict[str, Any]) -> str:
    return sha256(f"{key}{json.dumps(about, sort_keys=True)}".encode()).hexdigest()
