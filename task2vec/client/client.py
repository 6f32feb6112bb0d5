"""The blocking client of a server."""

from typing import TYPE_CHECKING, Any, Self

import task2vec.client.show.notebook  # noqa: F401  (how results show themselves)
from task2vec.client.blocking import BlockingDriver
from task2vec.client.chain import address_of, sender_of
from task2vec.client.http_blocking import BlockingHttp
from task2vec.client.methods import Blocking, blocking, iterating
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


class Tasks(Blocking):
    """The stored tasks."""

    list = iterating(tasks.list_tasks)
    get = blocking(tasks.get_task)
    embedding = blocking(tasks.embedding_of)
    export = blocking(tasks.export_task)
    import_embedding = blocking(tasks.import_task)
    edit = blocking(tasks.edit_task)
    remove = blocking(tasks.remove_task)


class Models(Blocking):
    """The starting models."""

    add = blocking(models.add_model)
    list = iterating(models.list_models)
    published = iterating(published.list_published)
    get = blocking(models.get_model)
    export = blocking(models.export_model)
    edit = blocking(models.edit_model)
    remove = blocking(models.remove_model)


class Outcomes(Blocking):
    """What fine-tuning gave."""

    add = blocking(outcomes.add_outcome)
    add_many = blocking(outcomes.add_outcomes)
    import_csv = blocking(outcomes.import_outcomes)
    list = iterating(outcomes.list_outcomes)
    get = blocking(outcomes.get_outcome)
    remove = blocking(outcomes.remove_outcome)
    remove_many = blocking(outcomes.remove_outcomes)


class Jobs(Blocking):
    """Background work."""

    list = iterating(jobs.list_jobs)
    get = blocking(jobs.get_job)
    cancel = blocking(jobs.cancel_job)
    retry = blocking(jobs.retry_job)
    wait = blocking(jobs.wait_for_job)
    events = iterating(jobs.events_of_job)


class Datasets(Blocking):
    """Uploaded sources."""

    upload = blocking(datasets.upload_dataset)
    list = iterating(datasets.list_datasets)
    get = blocking(datasets.get_dataset)
    remove = blocking(datasets.remove_dataset)


class Client(Blocking):
    """A server's tasks, models and answers.

    ``url`` is its address, by default that of ``TASK2VEC_URL``; ``api_key`` by default that of
    ``TASK2VEC_API_KEY``. ``timeout`` is the seconds that one answer may take, ``tries`` how often
    what can safely be repeated is sent before it is given up. Safe to use from several threads.
    Use it as a context manager, or `close` it.

    Every method raises subclasses of `Task2VecError`: those of what was asked, `AccessError` for
    the key, `ServiceError` where the server does not answer. Raises `SettingError` for an address
    that is none.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        tries: int = 5,
        transport: "httpx2.BaseTransport | None" = None,
    ) -> None:
        address = address_of(url)
        sender = sender_of(api_key, tries=tries)
        driver = BlockingDriver(BlockingHttp(address, timeout=timeout, transport=transport))
        super().__init__(driver, sender)
        self.url = address.url
        self.tasks = Tasks(driver, sender)
        self.models = Models(driver, sender)
        self.outcomes = Outcomes(driver, sender)
        self.jobs = Jobs(driver, sender)
        self.datasets = Datasets(driver, sender)

    embed = blocking(embedding.embed)
    batch = iterating(batches.batch)
    search = blocking(searching.search)
    distance = blocking(searching.distance)
    recommend = blocking(recommending.recommend)
    backtest = blocking(backtesting.backtest)
    finetune = blocking(tuning.finetune)
    predict = iterating(predicting.predict)
    map = blocking(catalogue.draw_map)
    probes = blocking(catalogue.list_probes)

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"
