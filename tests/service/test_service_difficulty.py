"""The nats in the heads of stored tasks foretell the default's accuracy on a new one."""

from factories import replace, which_model
from served import ELEMENTS, add_outcome, add_task, embedding

from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import Subject
from task2vec.types.details import EmbeddingDetails, HeadInformation, LayerElements
from task2vec.types.tuning import Recipe

LAYERS = (LayerElements("all", ELEMENTS),)


def details(nats):
    return EmbeddingDetails(layers=LAYERS, classes=None, head=HeadInformation(nats, 300))


def predicted(workspace, subject):
    answer = recommend(workspace, which_model(published=False), subject, measured={})
    return {each.plan(Recipe.LINEAR_PROBE).accuracy for each in answer.recommendations}


def test_a_task_of_many_nats_is_expected_to_be_hard(served):
    nats = (20.0, 40.0, 60.0, 80.0, 100.0, 120.0)
    for number, each in enumerate(nats, start=1):
        task = add_task(served, f"task{number}", number, details=details(each))
        add_outcome(served, "efficientnet_lite0", task.id, 0.95 - each / 200)
    subject = Subject("new", embedding(0), None, None)
    easy, hard, plain = (
        max(predicted(served, replace(subject, details=each)))
        for each in (details(20.0), details(120.0), None)
    )
    assert easy > plain + 0.03
    assert hard < plain - 0.03
    # One that is stored has them in the store.
    stored = add_task(served, "new", 0, details=details(120.0))
    assert max(predicted(served, replace(subject, record=stored))) == hard
