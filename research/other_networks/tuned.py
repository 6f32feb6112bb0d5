"""What is left of a packaged network's gain after fine-tuning, on the first target of each family.

    python -m research.other_networks.tuned [MODEL ...]

All layers of the network and of the default are trained on the first draw of either budget, few
images first, by the settings of `research.transfer.fine_tuned`. Targets are those where the
network's linear probe clearly wins and those of the same kind. Rows are added to
``results/other_networks_tuned.csv`` until all are there.
"""

import sys

from research import RESULTS
from research.development.tasks import SUPERFAMILIES, development_tasks
from research.other_networks.packages import packaged_probe
from research.other_networks.probed import TABLE as PROBED
from research.other_networks.probed import families_of_tasks, targets
from research.other_networks.summary import networks
from research.transfer.fine_tuned import fine_tuned, read_fine_tuned
from research.transfer.outcomes import append_cells, read_cells
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT, plain_model
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.probe.probe import Probe

TABLE = RESULTS / "other_networks_tuned.csv"


def tried(model: str) -> list[str]:
    """Return the targets of the kinds of task of which a network clearly wins one."""
    families = families_of_tasks()
    of_budget = networks(read_cells(PROBED), families)[model]
    won = [name for found in of_budget.values() for name in found.won]
    kinds = {SUPERFAMILIES[families[name]] for name in won}
    return [name for name in targets() if SUPERFAMILIES[families[name]] in kinds]


def main() -> None:
    """Add the cells that the table lacks."""
    keep_freed_memory()
    done = {(cell.target, cell.budget, cell.model) for cell in read_fine_tuned(TABLE)}
    for model in sys.argv[1:]:
        for budget in Budget:
            for task in tried(model):
                for name in (DEFAULT, model):
                    if (task, budget, name) not in done:
                        _add(_probe(name), task, budget)
                        done.add((task, budget, name))


def _add(probe: Probe, task: str, budget: Budget) -> None:
    target = Target(development_tasks()[task], probe)
    features = probe.features(target.images).numpy()
    found = fine_tuned(probe, features, target, budget, next(target.draws(budget)))
    append_cells([found], TABLE)
    print(found, flush=True)


def _probe(name: str) -> Probe:
    return plain_model(name).probe if name == DEFAULT else packaged_probe(name)


if __name__ == "__main__":
    main()
