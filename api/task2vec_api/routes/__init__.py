"""The resources, one file each; ``ROUTERS`` lists what the app serves under ``/v1``."""

from fastapi import APIRouter

from task2vec_api.routes import (
    backtests,
    batches,
    datasets,
    job_events,
    jobs,
    leases,
    maps,
    models,
    outcomes,
    predictions,
    probes,
    published,
    searching,
    task_imports,
    task_views,
    tasks,
)

ROUTERS: tuple[APIRouter, ...] = (
    tasks.routes,
    task_imports.routes,
    task_views.routes,
    searching.routes,
    backtests.routes,
    models.routes,
    published.routes,
    predictions.routes,
    outcomes.routes,
    probes.routes,
    maps.routes,
    datasets.routes,
    jobs.routes,
    job_events.routes,
    batches.routes,
    leases.routes,
)
