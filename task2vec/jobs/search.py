"""Neighbours and distances of data sets that are embedded for this answer only."""

from task2vec.errors import SettingError
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.kind import Checked, Kind, check_probe, new_dataset, resolved
from task2vec.jobs.workbench import Workbench
from task2vec.messages.neighbours import DistanceQuestion, Neighbours, SearchQuestion
from task2vec.messages.work import DistancesWork, SearchWork
from task2vec.service.tasks.dataset_sources import labelled_dataset
from task2vec.service.tasks.search import distances, search
from task2vec.service.tasks.subjects import stored_subject
from task2vec.service.workspace import Workspace


def check(workspace: Workspace, question: SearchQuestion) -> Checked[SearchWork]:
    """Return what a job for the neighbours is about; raises `UnknownNameError`."""
    if question.dataset is None:
        raise SettingError("The neighbours of a stored task take no job", expected="a dataset")
    dataset = labelled_dataset(workspace, question.dataset)
    check_probe(question.settings)
    answer = None
    if not workspace.store().tasks.page(limit=1):
        # It need not be embedded to know that nothing is near it.
        answer = Neighbours(task=dataset.name, neighbours=())
    work = resolved(SearchWork, question, dataset=dataset.id)
    return Checked(work, dataset.name, (dataset,), answer)


def check_distance(workspace: Workspace, question: DistanceQuestion) -> Checked[DistancesWork]:
    """Return what a job for the distances is about; raises `UnknownNameError`."""
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


def run(work: SearchWork | DistancesWork, bench: Workbench) -> Findings:
    """Embed the data sets."""
    return bench.embed(work.settings)


def commit(workspace: Workspace, work: SearchWork, findings: Findings) -> Commit:
    """Return what answers with the neighbours."""
    answer = search(workspace, work, findings.embedded["task"])
    return lambda _: answer


def commit_distance(workspace: Workspace, work: DistancesWork, findings: Findings) -> Commit:
    """Return what answers with the distances."""
    source, target = (
        findings.embedded[role] if side.task is None else stored_subject(workspace, side.task)
        for role, side in (("source", work.source), ("target", work.target))
    )
    answer = distances(workspace, source, target)
    return lambda _: answer


def _sides(work: DistancesWork) -> dict[str, str]:
    """Return the data sets that are embedded, by their side."""
    sides = {"source": work.source.dataset, "target": work.target.dataset}
    return {role: dataset for role, dataset in sides.items() if dataset is not None}


SEARCH = Kind(SearchQuestion, SearchWork, check, run, commit, embeds=new_dataset)
DISTANCES = Kind(
    DistanceQuestion, DistancesWork, check_distance, run, commit_distance, embeds=_sides
)
