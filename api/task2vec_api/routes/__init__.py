"""The resources, one file each; ``ROUTERS`` lists what the app serves under ``/v1``."""

from fastapi import APIRouter

from task2vec_api.routes import (
    batches,
    bundles,
    catalogue,
    datasets,
    experts,
    jobs,
    keys,
    leases,
    models,
    outcomes,
    searching,
    task_views,
    tasks,
)

ROUTERS: tuple[APIRouter, ...] = (
    tasks.routes,
    task_views.routes,
    searching.routes,
    models.routes,
    experts.routes,
    outcomes.routes,
    bundles.routes,
    catalogue.probes,
    catalogue.maps,
    keys.routes,
    datasets.routes,
    jobs.routes,
    batches.routes,
    leases.routes,
)
