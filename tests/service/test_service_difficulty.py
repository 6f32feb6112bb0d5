"""The nats in the heads of stored tasks foretell the default's accuracy on a new one."""

from factories import make_record, replace, which_model
from served import ELEMENTS, embedding

from task2vec.messages.outcomes import StoredOutcome
from task2vec.service.packaged_models import default_model_id
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import Subject
from task2vec.types.details import EmbeddingDetails, HeadInformation, LayerElements

LAYERS = (LayerElements("all", ELEMENTS),)


def details(nats):
    return EmbeddingDetails(layers=LAYERS, classes=None, head=HeadInformation(nats, 300))


def predicted(workspace, subject):
    answer = recommend(workspace, which_model(published=False), subject, measured={})
    return {each.predicted_accuracy for each in answer.recommendations}


def test_a_task_of_many_nats_is_expected_to_be_hard(served):
    store = served.store()
    nats = (20.0, 40.0, 60.0, 80.0, 100.0, 120.0)
    for number, each in enumerate(nats, start=1):
        found = embedding(number)
        record = make_record(f"task{number}", provenance=found.provenance)
        id_ = store.tasks.add(record, found, details=details(each)).id
        outcome = StoredOutcome(
            model=default_model_id(),
            task=id_,
            accuracy=0.95 - each / 200,
            protocol="p",
            images=1000,
        )
        store.outcomes.add(outcome)
    subject = Subject("new", embedding(0), None, None)
    easy, hard, plain = (
        max(predicted(served, replace(subject, details=each)))
        for each in (details(20.0), details(120.0), None)
    )
    assert easy > plain + 0.03
    assert hard < plain - 0.03
    # One that is stored has them in the store.
    record = make_record("new", provenance=embedding(0).provenance)
    stored = store.tasks.add(record, embedding(0), details=details(120.0))
    assert max(predicted(served, replace(subject, record=stored))) == hard
