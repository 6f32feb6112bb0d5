"""Small worlds of tasks, models and gains."""

import numpy as np

from task2vec.recommendation.evidence.world import NO_SOURCE, World


def make_world(
    *,
    seed: int,
    tasks: int = 6,
    experts: int = 4,
    plain: int = 2,
    known: float = 0.8,
    asking: bool = False,
) -> World:
    """Return a world whose tasks are points in a plane, with random gains in a share of cells.

    Model 0 is the default; the plain models come before the experts. What the tasks ask differs if
    they are ``asking``.
    """
    rng = np.random.default_rng(seed)
    points = rng.random((tasks, 2)) * 0.6
    symmetric = np.sqrt(np.square(points[:, None] - points[None]).sum(axis=-1))
    models = plain + experts
    gains = rng.normal(-0.03, 0.08, (models, tasks))
    gains[rng.random(gains.shape) >= known] = np.nan
    gains[0] = np.nan
    asks = np.abs(rng.normal(size=(tasks, 3)))
    asks /= np.linalg.norm(asks, axis=1, keepdims=True)
    agreement = np.tanh(rng.normal(size=(tasks, tasks)))
    return World(
        tasks=tuple(f"task-{i}" for i in range(tasks)),
        models=tuple(f"model-{i}" for i in range(models)),
        default=0,
        sources=np.array([NO_SOURCE] * plain + list(range(experts))),
        symmetric=symmetric,
        asymmetric=symmetric - 0.1 * rng.random(tasks)[:, None],
        gains=gains,
        variances=np.where(np.isfinite(gains), 0.02**2, np.nan),
        base=rng.uniform(0.3, 0.9, tasks),
        overlap=asks @ asks.T if asking else np.ones((tasks, tasks)),
        agreement=(agreement + agreement.T) / 2 if asking else np.zeros((tasks, tasks)),
    )
