"""How many mistakes in the code its tests find: ``python tests/mutation.py [COUNT] [--out FILE]``.

A sample of small mistakes (a comparison turned, a number changed, a loop left out) is put into the
rooms where a wrong number would not be seen, one at a time, each followed by the tests of its room.
The sample depends on the seed and the code alone. Needs ``pip install cosmic-ray``, which makes the
mistakes; it changes files of the tree and restores them, so that it belongs in a copy of its own.
150 mistakes take two hours of one core.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from fork_server import LIBRARIES, ForkServer

ROOMS = ("distance", "fisher", "recommendation", "store")
#: One of each kind, as cosmic-ray names them: each position in the code counts once or twice.
OPERATORS = (
    *("AddNot", "NumberReplacer", "ZeroIterationForLoop", "ExceptionReplacer"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq")
    ),
    *(
        f"ReplaceBinaryOperator_{pair}"
        for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "FloorDiv_Div")
    ),
    "ReplaceUnaryOperator_USub_UAdd",
)
#: A run that takes this much longer than that of the code as it is does not end.
SLOWER, SPARE = 4, 120


@dataclass(frozen=True)
class Mistake:
    """The ``occurrence``-th place of a file where an operator applies."""

    room: str
    file: str
    line: int
    operator: str
    occurrence: int


class Places(Visitor):
    """The lines of the places where an operator applies."""

    def __init__(self, operator: str) -> None:
        self.operator = get_operator(f"core/{operator}")()
        self.lines: list[int] = []

    def visit(self, node):
        self.lines += [start[0] for start, _ in self.operator.mutation_positions(node)]
        return node


def mistakes(tree: Path) -> list[Mistake]:
    """Return every mistake that can be made in the rooms."""
    found = []
    for room in ROOMS:
        for path in sorted((tree / "task2vec" / room).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            for operator in OPERATORS:
                places = Places(operator)
                places.walk(get_ast(source))
                file = str(path.relative_to(tree))
                found += [
                    Mistake(room, file, line, operator, number)
                    for number, line in enumerate(places.lines)
                ]
    return found


def passes(tree: Path, mistake: Mistake, server: ForkServer, *, seconds: float) -> bool:
    """Return whether all tests of the room pass; those that import the file's module come first."""
    module = mistake.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    room = tree / "tests" / mistake.room
    environment = {
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(map(str, (tree, tree / "api", tree / "probe_models"))),
    }
    tests = sorted(room.rglob("test_*.py"), key=lambda path: module not in path.read_text())
    with tempfile.TemporaryDirectory() as scratch:
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--basetemp={scratch}/tests"]
        # The fork server has loaded plug-ins of pytest before it.
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        program = Path(pytest.__file__).with_name("__main__.py")
        try:
            done = subprocess.run(
                server.command(program, *options, *map(str, tests)),
                cwd=tree,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **environment},
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tree", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--out", type=Path, default=Path("mutation.json"))
    arguments = parser.parse_args()
    every = mistakes(arguments.tree)
    sample = random.Random(arguments.seed).sample(every, arguments.count)
    limits: dict[str, float] = {}
    survived: list[Mistake] = []
    counts: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        ForkServer(Path(folder), modules=LIBRARIES) as server,
    ):
        for mistake in sample:
            if mistake.room not in limits:
                begun = time.monotonic()
                assert passes(arguments.tree, mistake, server, seconds=3600), mistake.room
                limits[mistake.room] = SLOWER * (time.monotonic() - begun) + SPARE
            operator = get_operator(f"core/{mistake.operator}")()
            with use_mutation(arguments.tree / mistake.file, operator, mistake.occurrence):
                alive = passes(arguments.tree, mistake, server, seconds=limits[mistake.room])
            counts[mistake.room] += 1
            if alive:
                survived.append(mistake)
            print("survived" if alive else "found", mistake, flush=True)
            lost = Counter(one.room for one in survived)
            result = {
                "places": len(every),
                "sample": sum(counts.values()),
                "seed": arguments.seed,
                "share_found": round(1 - len(survived) / sum(counts.values()), 3),
                "rooms": {
                    room: {"sample": n, "found": n - lost[room]} for room, n in counts.items()
                },
                "survived": [asdict(one) for one in survived],
            }
            arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
