"""Evaluates who asks, in the order of the plan, until all are or it is stopped.

    python -m research.final_evaluation --fresh
    python -m research.final_evaluation --development NAME ...

``--fresh`` is for the end, once: see `research.fresh`. A trial on development tasks leaves each
task's family out of what is known; with ``--made`` it makes no expert that is missing. ``--many`` N
of those who ask, ``--shots`` and ``--draws`` change the plan; ``--part 1/2`` and ``--part 2/2``, at
the same time, share it; ``--out`` is for tables that are not to be kept.
"""

import argparse
import time
from functools import lru_cache
from itertools import islice
from pathlib import Path

import torch

from research.development.tasks import SUPERFAMILIES, DevelopmentTask, cache, development_tasks
from research.final_evaluation.evaluation import Evaluation
from research.final_evaluation.knowledge import Knowledge, development_outcomes, read_embedded
from research.final_evaluation.plan import SHOTS, shots_of, shots_text, trials
from research.final_evaluation.tables import (
    DEVELOPMENT,
    FOLDER,
    FRESH,
    Finished,
    path_of,
    read,
)
from research.final_evaluation.zoo import Zoo
from research.fresh.tasks import SUPERFAMILIES as FRESH_SUPERFAMILIES
from research.fresh.tasks import fresh_tasks
from research.transfer.targets import Target
from research.transfer.zoo import DEFAULT, expert_path
from task2vec.embedding.allocator import keep_freed_memory


def main() -> None:
    """Evaluate what the tables lack."""
    arguments = _arguments()
    torch.set_num_threads(1)
    keep_freed_memory()
    development = development_tasks()
    kind, evaluated, superfamilies = DEVELOPMENT, development, SUPERFAMILIES
    if arguments.fresh:
        kind, evaluated, superfamilies = FRESH, fresh_tasks(), FRESH_SUPERFAMILIES
    knowledge = known(development, made=arguments.made)
    folder = cache().with_name("final_evaluation") / kind
    zoo = Zoo(development, evaluated, folder, arguments.out, kind)
    evaluation = Evaluation(zoo, knowledge, superfamilies)

    @lru_cache(maxsize=1)
    def target_of(name: str) -> Target:
        return Target(evaluated[name], zoo.load(DEFAULT).probe)

    number, parts = map(int, arguments.part.split("/"))
    done = {row.key for row in read(path_of(kind, Finished, arguments.out), Finished)}
    shots = tuple(map(shots_of, arguments.shots))
    plan = trials(
        evaluated,
        shots=shots,
        draws=arguments.draws,
        part=(number, parts),
        only=frozenset(arguments.development) if arguments.development else None,
    )
    for who in islice(plan, arguments.many):
        if who.key in done:
            continue
        began = time.process_time()
        row = evaluation.evaluate(who, target_of(who.target))
        seconds = time.process_time() - began
        words = "too few images of a class" if row is None else f"{seconds:.0f} s"
        print(f"{', '.join(map(str, who.key))}: {words}", flush=True)


def known(development: dict[str, DevelopmentTask], *, made: bool) -> Knowledge:
    """Return what is known of the development tasks; experts that are ``made``, or all, offered.

    Raises `SystemExit` where they are not embedded.
    """
    embedded = read_embedded(cache() / "bundle" / "store")
    missing = [name for name in development if name not in embedded]
    if missing:
        raise SystemExit(
            f"{', '.join(missing)} not embedded yet: `python -m research.bundle FILE` does that"
        )
    families = {name: task.family for name, task in development.items()}
    kinds = {name: SUPERFAMILIES[family] for name, family in families.items()}
    tasks = {name: embedded[name] for name in development}
    experts = frozenset(name for name in tasks if not made or expert_path(name).exists())
    return Knowledge(tasks, families, kinds, development_outcomes(), experts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m research.final_evaluation")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--fresh", action="store_true", help="the fresh tasks: once, at the end")
    which.add_argument("--development", nargs="+", metavar="NAME", help="a trial on these tasks")
    parser.add_argument("--many", type=int, help="of those who ask; without, all of the plan")
    parser.add_argument("--shots", nargs="+", default=[*map(shots_text, SHOTS)])
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--part", default="1/1", help="of how many: these of who ask alone")
    parser.add_argument(
        "--made", action="store_true", help="offer the development experts that are there, only"
    )
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder of the tables")
    return parser.parse_args()


if __name__ == "__main__":
    main()
