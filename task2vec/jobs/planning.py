"""What a worker is to measure on a data set that it has embedded."""

from task2vec.errors import InputError
from task2vec.jobs.commit import Found, received_subject
from task2vec.jobs.leases import planned
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind, ModelRecord


def plan(workspace: Workspace, id_: str, *, fence: int, found: Found) -> list[ModelRecord]:
    """Return the models that are worth a measurement, most of it first, the default before all.

    ``found`` holds the embedding of the data set of a job that recommends; nothing is stored.
    Raises `LeaseLostError` when the job does not belong to this lease, `InputError` for another
    kind of job and for an embedding that cannot be.
    """
    job = workspace.store().jobs.under_lease(id_, fence=fence)
    dataset = job.payload.get("dataset")
    if job.kind is not JobKind.RECOMMEND or dataset is None:
        raise InputError(
            f"Job {job.id} measures nothing", expected="a job that recommends for a data set"
        )
    subject = received_subject(workspace, job, found, "task", dataset)
    return planned(workspace, subject, job.payload)
