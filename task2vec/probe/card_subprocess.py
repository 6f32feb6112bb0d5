"""Looking up a card in a process of its own: for who must not load timm, and torch by it."""

import json
import subprocess
import sys
import threading
from dataclasses import asdict

from task2vec import errors
from task2vec.errors import DeadlineError, InternalError, Task2VecError, UnknownNameError
from task2vec.probe.card import Preprocessing, ProbeCard

_SECONDS = 120.0
# Each lookup takes some hundred megabytes for a while.
_ONE_AT_A_TIME = threading.Lock()
# What the installed timm knows stays true while this process lives: asking again costs nothing.
_MOST_KNOWN = 1000
_known: dict[str, str] = {}


def find_card_apart(reference: str, *, seconds: float = _SECONDS) -> ProbeCard:
    """Return the card of a reference, as `task2vec.probe.registry.find_card` does.

    The first time it takes some seconds. Raises what that raises, and `DeadlineError` when it takes
    too long.
    """
    reply = _known.get(reference)
    if reply is None:
        with _ONE_AT_A_TIME:
            reply = _known.get(reference) or _ask(reference, seconds)
            _remember(reference, reply)
    answer = json.loads(reply)
    if "error" in answer:
        kind = getattr(errors, answer["error"])
        raise kind(answer["problem"], **answer["parts"])
    preprocessing = Preprocessing(**answer.pop("preprocessing"))
    return ProbeCard(preprocessing=preprocessing, **answer)


def _remember(reference: str, reply: str) -> None:
    lasts = json.loads(reply).get("error") in (None, UnknownNameError.__name__)
    if reference.startswith("timm:") and lasts and len(_known) < _MOST_KNOWN:
        _known[reference] = reply


def _ask(reference: str, seconds: float) -> str:
    """Return what `_answer` gives in another process, as JSON."""
    try:
        process = subprocess.run(
            [sys.executable, "-m", __name__],
            input=reference,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
        json.loads(process.stdout)
    except subprocess.TimeoutExpired as error:
        raise DeadlineError(f"{reference} could not be looked up in {seconds:.0f} s") from error
    except ValueError as error:
        raise InternalError(
            f"{reference} could not be looked up", got=process.stderr.strip()[-500:] or None
        ) from error
    return process.stdout


def _answer(reference: str) -> dict[str, object]:
    from task2vec.probe.registry import find_card

    try:
        return asdict(find_card(reference))
    except Task2VecError as error:
        public = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
        parts = {"expected": error.expected, "got": error.got, "remedy": error.remedy}
        return {"error": public.__name__, "problem": error.problem, "parts": parts}


if __name__ == "__main__":
    json.dump(_answer(sys.stdin.read()), sys.stdout)
