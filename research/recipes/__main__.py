"""Adds cells to the table, in the order of the plan, until stopped: ``python -m research.recipes``.

``--blocks N`` stops after so many blocks; each is some minutes of one core. ``--part 1/2`` and
``--part 2/2``, at the same time, share the blocks.
"""

import argparse
import time
from functools import lru_cache
from itertools import islice

from research.development.tasks import development_tasks
from research.recipes.draws import drawn
from research.recipes.measuring import measure
from research.recipes.plan import blocks
from research.recipes.tables import append, key_of, read
from research.transfer.targets import Target
from research.transfer.zoo import DEFAULT, PLAIN, Starting, expert, plain_model
from task2vec.embedding.allocator import keep_freed_memory


def main() -> None:
    """Measure what the table lacks, block by block."""
    parser = argparse.ArgumentParser(prog="python -m research.recipes")
    parser.add_argument("--blocks", type=int, help="of the plan; without, it goes on and on")
    parser.add_argument("--part", default="1/1", help="of how many: these blocks alone")
    asked = parser.parse_args()
    part, parts = map(int, asked.part.split("/"))
    keep_freed_memory()
    tasks = development_tasks()
    plain = plain_model(DEFAULT)

    @lru_cache(maxsize=8)
    def target_of(name: str) -> Target:
        return Target(tasks[name], plain.probe)

    @lru_cache(maxsize=16)
    def model_of(name: str) -> Starting:
        return plain_model(name) if name in PLAIN else expert(tasks[name], plain.probe, print)

    done = {cell.key for cell in read()}
    for number, block in enumerate(islice(blocks(tasks), asked.blocks)):
        if number % parts != part - 1:
            continue
        target = target_of(block.target)
        images = drawn(target, block.shots, block.draw)
        if images is None:
            continue
        began = time.perf_counter()
        for name in block.models:
            recipes = tuple(
                recipe
                for recipe in block.recipes(len(images.train))
                if key_of(block, name, recipe) not in done
            )
            if recipes:
                cells = list(measure(block, target, images, model_of(name), recipes))
                append(cells)
                done |= {cell.key for cell in cells}
        took = time.perf_counter() - began
        shots = "all" if block.shots is None else block.shots
        print(f"{number}: {target.name}, {shots} a class, {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
