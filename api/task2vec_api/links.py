"""What an answer leads to: OpenAPI links, by which programs walk from one operation to the next."""

from typing import Any

_ID = "$response.body#/id"


def _to(operation: str, **parameters: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": parameters}


def _with(operation: str, body: dict[str, Any], **parameters: str) -> dict[str, Any]:
    return {**_to(operation, **parameters), "requestBody": body}


def _next(operation: str) -> dict[str, Any]:
    return _to(operation, page_token="$response.body#/next_page_token")


def _task(value: str) -> list[dict[str, Any]]:
    shown = ("get_task", "get_embedding", "get_neighbours", "get_thumbnail")
    return [*(_to(name, task=value) for name in shown), _with("search", {"task": value})]


def _job(value: str) -> list[dict[str, Any]]:
    return [_to(name, job=value) for name in ("get_job", "follow_job", "cancel_job")]


def _batch(value: str) -> list[dict[str, Any]]:
    return [_to(name, batch=value) for name in ("get_batch", "list_items", "cancel_batch")]


def _dataset(value: str) -> list[dict[str, Any]]:
    return [
        *(_to(name, dataset=value) for name in ("get_dataset", "get_content")),
        _with("embed_dataset", {"dataset": value}),
        _with("search", {"dataset": value}),
    ]


def _model(value: str) -> list[dict[str, Any]]:
    return [_to(name, model=value) for name in ("get_model", "edit_model")]


def _lease() -> list[dict[str, Any]]:
    job, fence = "$response.body#/job", {"fence": "$response.body#/fence"}
    return [_with(name, fence, job=job) for name in ("beat", "fail_job", "release_job")]


_FIRST_OF = "$response.body#/{}/0/id"
LINKS: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("list_tasks", "200"): [_next("list_tasks"), *_task(_FIRST_OF.format("tasks"))],
    ("embed_dataset", "202"): _job(_ID),
    ("embed_dataset", "201"): _task(_ID),
    ("import_task", "201"): [*_task(_ID), _to("delete_task", task=_ID)],
    ("edit_task", "200"): _task(_ID),
    ("search", "202"): _job(_ID),
    ("measure_distances", "202"): _job(_ID),
    ("recommend_models", "202"): _job(_ID),
    ("backtest_recommender", "202"): _job(_ID),
    ("finetune_model", "202"): _job(_ID),
    ("classify_images", "202"): _job(_ID),
    ("list_models", "200"): [_next("list_models"), *_model(_FIRST_OF.format("models"))],
    ("add_model", "201"): [*_model(_ID), _to("delete_model", model=_ID)],
    ("list_outcomes", "200"): [
        _next("list_outcomes"),
        _to("get_outcome", outcome=_FIRST_OF.format("outcomes")),
    ],
    ("add_outcomes", "201"): [
        _to(name, outcome=_FIRST_OF.format("outcomes"))
        for name in ("get_outcome", "delete_outcome")
    ],
    ("list_datasets", "200"): [_next("list_datasets"), *_dataset(_FIRST_OF.format("datasets"))],
    ("create_dataset", "201"): [*_dataset(_ID), _to("delete_dataset", dataset=_ID)],
    ("create_dataset", "202"): _job(_ID),
    ("list_jobs", "200"): [_next("list_jobs"), *_job(_FIRST_OF.format("jobs"))],
    ("cancel_job", "200"): [_to("retry_job", job=_ID), _to("get_job", job=_ID)],
    ("list_batches", "200"): [_next("list_batches"), *_batch(_FIRST_OF.format("batches"))],
    ("create_batch", "202"): [*_batch(_ID), _to("add_items", batch=_ID)],
    ("take_lease", "200"): _lease(),
}
"""By an operation and the status of its answer."""


def links_of(operation: str, status: str) -> dict[str, Any]:
    """Return the links of an operation's answer by their names, none for most."""
    links = LINKS.get((operation, status), [])
    return {f"{operation}_{status}_{link['operationId']}": link for link in links}
