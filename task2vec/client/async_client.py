"""The asynchronous client of a server."""

from typing import TYPE_CHECKING, Any, Self

import task2vec.client.show.notebook  # noqa: F401  (how results show themselves)
from task2vec.client.asynchronous import AsyncDriver
from task2vec.client.chain import address_of, sender_of
from task2vec.client.http_asynchronous import AsyncHttp
from task2vec.client.methods import Asynchronous, async_iterating, awaiting
from task2vec.client.operations import (
    backtesting,
    batches,
    catalogue,
    datasets,
    embedding,
    jobs,
    models,
    outcomes,
    predicting,
    published,
    recommending,
    searching,
    tasks,
    tuning,
)

if TYPE_CHECKING:
    import httpx2


class Tasks(Asynchronous):
    """The stored tasks."""

    list = async_iterating(tasks.list_tasks)
    get = awaiting(tasks.get_task)
    embedding = awaiting(tasks.embedding_of)
    export = awaiting(tasks.export_task)
    import_embedding = awaiting(tasks.import_task)
    edit = awaiting(tasks.edit_task)
    remove = awaiting(tasks.remove_task)


class Models(Asynchronous):
    """The starting models."""

    add = awaiting(models.add_model)
    list = async_iterating(models.list_models)
    published = async_iterating(published.list_published)
    get = awaiting(models.get_model)
    export = awaiting(models.export_model)
    edit = awaiting(models.edit_model)
    remove = awaiting(models.remove_model)


class Outcomes(Asynchronous):
    """What fine-tuning gave."""

    add = awaiting(outcomes.add_outcome)
    add_many = awaiting(outcomes.add_outcomes)
    import_csv = awaiting(outcomes.import_outcomes)
    list = async_iterating(outcomes.list_outcomes)
    get = awaiting(outcomes.get_outcome)
    remove = awaiting(outcomes.remove_outcome)
    remove_many = awaiting(outcomes.remove_outcomes)


class Jobs(Asynchronous):
    """Background work."""

    list = async_iterating(jobs.list_jobs)
    get = awaiting(jobs.get_job)
    cancel = awaiting(jobs.cancel_job)
    retry = awaiting(jobs.retry_job)
    wait = awaiting(jobs.wait_for_job)
    events = async_iterating(jobs.events_of_job)


class Datasets(Asynchronous):
    """Uploaded sources."""

    upload = awaiting(datasets.upload_dataset)
    list = async_iterating(datasets.list_datasets)
    get = awaiting(datasets.get_dataset)
    remove = awaiting(datasets.remove_dataset)


class AsyncClient(Asynchronous):
    """`task2vec.Client` for an event loop: the same methods, awaited or iterated asynchronously.

    A client belongs to one event loop. Use it as an asynchronous context manager, or `close` it.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        tries: int = 5,
        transport: "httpx2.AsyncBaseTransport | None" = None,
    ) -> None:
        address = address_of(url)
        sender = sender_of(api_key, tries=tries)
        driver = AsyncDriver(AsyncHttp(address, timeout=timeout, transport=transport))
        super().__init__(driver, sender)
        self.url = address.url
        self.tasks = Tasks(driver, sender)
        self.models = Models(driver, sender)
        self.outcomes = Outcomes(driver, sender)
        self.jobs = Jobs(driver, sender)
        self.datasets = Datasets(driver, sender)

    embed = awaiting(embedding.embed)
    batch = async_iterating(batches.batch)
    search = awaiting(searching.search)
    distance = awaiting(searching.distance)
    recommend = awaiting(recommending.recommend)
    backtest = awaiting(backtesting.backtest)
    finetune = awaiting(tuning.finetune)
    predict = async_iterating(predicting.predict)
    map = awaiting(catalogue.draw_map)
    probes = awaiting(catalogue.list_probes)

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"
