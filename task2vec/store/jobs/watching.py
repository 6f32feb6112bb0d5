"""Queries about jobs for the supervision of workers."""

from sqlalchemy import select

from task2vec.store.database import Database
from task2vec.store.jobs import life
from task2vec.store.jobs.rows import change_job, from_row, query_jobs
from task2vec.store.schema_service import jobs
from task2vec.types import JobRecord, JobState


class Watching:
    """The part of `Jobs` for a server that runs workers of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def end_worker(self, worker: str, *, now: float, counts: bool = True) -> list[JobRecord]:
        """End the tries of a worker that is gone; return what became of its jobs.

        They do not count where ``counts`` is false: the worker was stopped.
        """
        step = life.died if counts else life.released
        states = [JobState.RUNNING.value, JobState.CANCELLING.value]
        held = (jobs.c.state.in_(states), jobs.c.worker == worker)
        query = query_jobs().where(*held).order_by(jobs.c.number)
        with self._database.write() as connection:
            return [
                change_job(connection, step(from_row(row), now=now))
                for row in connection.execute(query).all()
            ]

    def oldest_queued(self) -> str | None:
        """Return when the job was asked for that waits longest for a worker; None without any."""
        query = select(jobs.c.created).where(jobs.c.state == JobState.QUEUED.value)
        with self._database.read() as connection:
            return connection.scalars(query.order_by(jobs.c.number).limit(1)).first()
