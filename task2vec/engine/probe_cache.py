"""Linear probes that were measured before, in files of the cache folder.

A probe is known by the bytes of the images, the weights and preprocessing of the model, and the
versions that computed it, so that a change of any is another probe. A file is a cache: one that is
damaged or cannot be written costs a measurement, nothing else.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from task2vec.probe.cache import cache_folder
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.whole_file import whole_file

#: The folder inside `cache_folder`.
FOLDER = "linear-probes"
#: Files at most, of some 500 bytes each; the ones that were not used for longest go first.
MOST = 4096
# Raised where the same images and model would give another probe.
_FORM = 1
_SUFFIX = ".json"


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
    """A linear probe, with the seconds that it took in all and its `Pace`."""

    found: ProbeAccuracy
    seconds: float
    pace: Pace


class ProbeCache:
    """Probes by their key, see `key`."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use a folder, which need not exist yet."""
        self._folder = cache_folder() / FOLDER if folder is None else folder

    def key(self, *, images: str, model: str) -> str:
        """Return the key of a probe; ``images`` and ``model`` are digests of these."""
        versions = {name: version(name) for name in ("task2vec", "timm", "torch", "scikit-learn")}
        told = json.dumps([_FORM, images, model, versions], sort_keys=True)
        return sha256(told.encode()).hexdigest()

    def get(self, key: str) -> KnownProbe | None:
        """Return a probe; None where it is not known, or its file is damaged."""
        path = self._folder / f"{key}{_SUFFIX}"
        try:
            text = path.read_text(encoding="utf-8")
            about = json.loads(text)
            check = about.pop("sha256")
            if check != _check(key, about):
                raise ValueError(path.name)
            known = KnownProbe(
                ProbeAccuracy(
                    np.array([each == "1" for each in about["correct"]], dtype=np.bool_),
                    about["error"],
                ),
                float(about["seconds"]),
                Pace(**about["pace"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return known

    def put(self, key: str, known: KnownProbe) -> None:
        """Keep a probe, and forget the oldest beyond `MOST`."""
        about = {
            "correct": "".join("01"[int(each)] for each in known.found.correct),
            "error": known.found.error,
            "seconds": known.seconds,
            "pace": asdict(known.pace),
        }
        text = json.dumps({**about, "sha256": _check(key, about)})
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with whole_file(self._folder / f"{key}{_SUFFIX}") as place:
                place.write_text(text, encoding="utf-8")
            self._forget()

    def _forget(self) -> None:
        files = list(self._folder.glob(f"*{_SUFFIX}"))
        if len(files) <= MOST:
            return
        ages = [(path.stat().st_mtime, path) for path in files]
        for _, path in sorted(ages)[: len(files) - MOST]:
            path.unlink(missing_ok=True)


def _check(key: str, about: dict[str, Any]) -> str:
    return sha256(f"{key}{json.dumps(about, sort_keys=True)}".encode()).hexdigest()
