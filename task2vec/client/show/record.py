"""What is stored: tasks, models, outcomes; and jobs."""

from task2vec.client.show.sheet import Sheet, facts, percent, text_of
from task2vec.data.wording import plural
from task2vec.messages.batches import Item
from task2vec.messages.jobs import Job
from task2vec.messages.models import Model
from task2vec.messages.outcomes import Outcome
from task2vec.messages.tasks import Task, TaskDetails
from task2vec.types import Likelihood


def of_task(task: Task) -> Sheet:
    """Return a task, and how it was embedded where that is known."""
    lines: dict[str, str] = {
        "name": task.name,
        "id": task.id,
        "tags": " ".join(task.tags) or "-",
        "images": f"{task.images} of {task.classes} classes",
        "complexity": text_of(task.complexity),
        "repeat distance": f"{text_of(task.standard_error)} (expected if the task is embedded "
        "again from other images)",
        "probe": task.probe,
    }
    if isinstance(task, TaskDetails):
        provenance = task.provenance
        head = provenance.head
        if provenance.likelihood is Likelihood.BERNOULLI:
            lines["images"] += ", several labels per image"
        lines |= {
            "probe": f"{provenance.probe_name} ({provenance.space.probe[:12]})",
            "estimator": f"{provenance.estimator}, {plural(provenance.draws, 'draw')} per image, "
            f"seed {provenance.seed}",
            "head": f"{'converged' if head.converged else 'NOT CONVERGED'} in {head.iterations} "
            f"iterations, training accuracy {percent(head.training_accuracy)}",
            "content": provenance.content_hash[:12],
            "source": task.source or "kept by the server",
            "seconds": f"{task.seconds:.0f}",
        }
    return facts(f"Task {task.name}", lines)


def of_job(job: Job) -> Sheet:
    """Return a job, how far it is, and what stopped it if it failed."""
    lines = {
        "id": job.id,
        "kind": job.kind.value,
        "name": job.name or "-",
        "state": job.state.value,
        "progress": progress_of(job),
        "created": moment_of(job),
        "result": str((job.result or {}).get("name") or "with --json") if job.result else "-",
        "error": "-" if job.error is None else str(job.error),
    }
    return facts(f"Job {job.id}", lines)


def progress_of(job: Job) -> str:
    """Return how far a job is."""
    made = job.progress
    return f"{made.stage}: {made.done:,} of {made.total:,}".strip(": ") if made.total else "-"


def moment_of(job: Job) -> str:
    """Return when a job was created."""
    return job.created.strftime("%Y-%m-%d %H:%M:%S")


def of_record(record: Model | Outcome | Item) -> Sheet:
    """Return the plain fields of a record."""
    fields = record.model_dump(mode="json").items()
    plain = {name: value for name, value in fields if not isinstance(value, dict)}
    return facts(type(record).__name__, plain)
