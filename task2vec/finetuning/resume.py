"""What an interrupted fine-tuning had got so far, in one file, so that another run goes on."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import monotonic, time
from typing import Any

from torch import Tensor

from task2vec.errors import WeightsError
from task2vec.probe.weights import hash_weights, read_safetensors, write_safetensors
from task2vec.types.tuning import GOING_ON

#: The least seconds between two writes of the file: more often would cost more than it saves.
EVERY = 10.0
#: After this many seconds nobody goes on with what was left.
_STALE = 7 * 24 * 3600
_SUFFIX = ".unfinished"
_METADATA = "task2vec-unfinished"
_DAMAGED = (
    "what an interrupted run had left is damaged, so that fine-tuning began from the beginning"
)
_UNWRITTEN = "the state of fine-tuning could not be kept: an interruption would lose it ({})"

Part = Mapping[str, Tensor]


class Unfinished:
    """Parts of a run by name, each a mapping of tensors; in memory only where ``path`` is None.

    A file of another key is that of other images, another start or other settings: it is removed.
    """

    def __init__(self, path: Path | None = None, key: str = "") -> None:
        """Read what lies at ``path``; what is damaged there is left aside with a warning."""
        self._path = path
        self._key = key
        self._written = monotonic()
        self._parts: dict[str, Part] = {}
        self.warnings: list[str] = []
        self.gone_on: str | None = None
        """Where this run goes on with an interrupted one, in words; None where it does not."""
        if path is not None:
            _sweep(path.parent)
            self._read(path)
        self._goes_on = bool(self._parts)

    def begin(self, where: str, *, say: Callable[[str], None]) -> None:
        """Tell that the run goes on here, once: where the first work begins that is not done yet.

        ``where`` are words for it, as in "epoch 4 of 8".
        """
        if self._goes_on and self.gone_on is None:
            self.gone_on = where
            say(GOING_ON + where)

    def get(self, name: str) -> Part | None:
        """Return a part of this run or of the one that it goes on with."""
        return self._parts.get(name)

    def put(self, name: str, part: Part) -> None:
        """Keep a part in place of that of the name, and write all unless that was just done.

        Tensors that change later must belong to the part that is kept last.
        """
        if self._path is None:
            return
        self._parts[name] = part
        if monotonic() - self._written < EVERY:
            return
        state = {
            f"{name}/{key}": value
            for name, part in self._parts.items()
            for key, value in part.items()
        }
        about = {"key": self._key, "sha256": hash_weights(state)}
        try:
            write_safetensors(self._path, state, {_METADATA: json.dumps(about)})
        except WeightsError as error:
            # It is a help, not the work itself.
            warning = _UNWRITTEN.format(error.got)
            if warning not in self.warnings:
                self.warnings.append(warning)
        self._written = monotonic()

    def drop(self, name: str) -> None:
        """Forget a part that nobody goes on with, if there is one; the file does with the next."""
        self._parts.pop(name, None)

    def remove(self) -> None:
        """Remove the file: the work is done."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _read(self, path: Path) -> None:
        if not path.is_file():
            return
        try:
            state, metadata = read_safetensors(path)
            about = json.loads(metadata[_METADATA])
            if about["key"] != self._key:
                self.remove()
                return
            # Flipped bytes load silently.
            if about["sha256"] != hash_weights(state):
                raise ValueError(path.name)
        except (WeightsError, KeyError, TypeError, ValueError):
            self.warnings.append(_DAMAGED)
            self.remove()
            return
        parts: dict[str, dict[str, Tensor]] = {}
        for full, value in state.items():
            name, _, key = full.rpartition("/")
            parts.setdefault(name, {})[key] = value
        self._parts.update(parts)


def below(prefix: str, part: Part) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, by the rest of their names."""
    return {
        name.removeprefix(prefix): value for name, value in part.items() if name.startswith(prefix)
    }


def place(folder: Path, expert: str) -> Path:
    """Return where in a folder lies what was begun of an expert, whatever its name is made of."""
    return folder / f"{sha256(expert.encode()).hexdigest()[:32]}{_SUFFIX}"


def key_of(**about: Any) -> str:
    """Return the SHA-256 of all that decides how a run goes, the versions included."""
    versions = {name: version(name) for name in ("task2vec", "timm", "torch")}
    text = json.dumps({**about, "versions": versions}, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"*{_SUFFIX}*"):
        with suppress(OSError):
            if time() - path.stat().st_mtime > _STALE:
                path.unlink()
