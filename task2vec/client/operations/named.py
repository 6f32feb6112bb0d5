"""Where a server has what a person names: also what no path can hold by its name."""

from task2vec.client.operations.paging import pages
from task2vec.client.request import get, segment
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, consume
from task2vec.errors import InputError, UnknownNameError
from task2vec.messages.models import Model, ModelPage
from task2vec.messages.tasks import TaskPage
from task2vec.types.names import is_name


def path_of_task(sender: Sender, task: str) -> Steps[str]:
    """Return the path of a task by name or id.

    A name with a slash, or of dots alone, would lead elsewhere: its id is asked for first.

    Raises:
        UnknownNameError: when nothing has such a name.
        InputError: for a text that nothing is called.
    """
    try:
        return f"/tasks/{segment(task)}"
    except InputError:
        if not is_name(task):
            raise
    page = yield from call(sender, get("/tasks", TaskPage, name=task))
    for found in page.tasks:
        # A server that does not know the filter lists others.
        if found.name == task:
            return f"/tasks/{segment(found.id)}"
    raise UnknownNameError(
        f"No task has the name or id '{task}'", remedy="List all tasks: `task2vec list`."
    )


def path_of_model(sender: Sender, model: str) -> Steps[str]:
    """Return the path of a model, as `path_of_task` does; there are few: the list is read."""
    try:
        return f"/models/{segment(model)}"
    except InputError:
        if not is_name(model):
            raise
    found: list[Model] = []
    models = pages(sender, get("/models", ModelPage), lambda page: page.models)
    yield from consume(models, found.append)
    for each in found:
        if each.name == model:
            return f"/models/{segment(each.id)}"
    raise UnknownNameError(
        f"No model has the name or id '{model}'",
        remedy="List all models: `task2vec models list`.",
    )
