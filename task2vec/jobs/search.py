"""The neighbours of a data set that is embedded for this answer only."""

from task2vec.errors import SettingError
from task2vec.jobs.checked import Checked, check_probe, resolved
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.workbench import Workbench
from task2vec.messages.neighbours import Neighbours, SearchQuestion
from task2vec.messages.work import SearchWork
from task2vec.service.tasks.dataset_sources import labelled_dataset
from task2vec.service.tasks.search import search
from task2vec.service.workspace import Workspace


def check(workspace: Workspace, question: SearchQuestion) -> Checked[SearchWork]:
    """Return what a job for the question is about; raises `UnknownNameError`."""
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


def run(work: SearchWork, bench: Workbench) -> Findings:
    """Embed the data set."""
    return bench.embed(work.settings)


def embeds(work: SearchWork) -> dict[str, str]:
    """Return the data set that is embedded."""
    return {} if work.dataset is None else {"task": work.dataset}


def commit(workspace: Workspace, work: SearchWork, findings: Findings) -> Commit:
    """Return what answers."""
    answer = search(workspace, work, findings.embedded["task"])
    return lambda _: answer
