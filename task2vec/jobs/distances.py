"""The distances between two tasks, of which one at least is embedded for this answer only."""

from task2vec.errors import SettingError
from task2vec.jobs.checked import Checked, check_probe, resolved
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.workbench import Workbench
from task2vec.messages.neighbours import DistanceQuestion
from task2vec.messages.work import DistancesWork
from task2vec.service.tasks.dataset_sources import labelled_dataset
from task2vec.service.tasks.search import distances
from task2vec.service.tasks.subjects import Subject, stored_subject
from task2vec.service.workspace import Workspace


def check(workspace: Workspace, question: DistanceQuestion) -> Checked[DistancesWork]:
    """Return what a job for the question is about; raises `UnknownNameError`."""
    check_probe(question.settings)
    sides, names, datasets = {}, [], []
    for role, side in (("source", question.source), ("target", question.target)):
        if side.dataset is not None:
            datasets.append(labelled_dataset(workspace, side.dataset))
            sides[role] = side.model_copy(update={"dataset": datasets[-1].id})
            names.append(datasets[-1].name)
        else:
            task = workspace.store().tasks.get(side.task or "")
            sides[role] = side.model_copy(update={"task": task.id})
            names.append(task.name)
    if not datasets:
        raise SettingError("The distance of two stored tasks takes no job")
    work = resolved(DistancesWork, question, **sides)
    return Checked(work, " to ".join(names), tuple(datasets))


def run(work: DistancesWork, bench: Workbench) -> Findings:
    """Embed the data sets."""
    return bench.embed(work.settings)


def embeds(work: DistancesWork) -> dict[str, str]:
    """Return the data sets that are embedded, by their side."""
    sides = {"source": work.source.dataset, "target": work.target.dataset}
    return {role: dataset for role, dataset in sides.items() if dataset is not None}


def commit(workspace: Workspace, work: DistancesWork, findings: Findings) -> Commit:
    """Return what answers."""

    def subject(role: str, task: str | None) -> Subject:
        return findings.embedded[role] if task is None else stored_subject(workspace, task)

    answer = distances(
        workspace, subject("source", work.source.task), subject("target", work.target.task)
    )
    return lambda _: answer
