"""Completes the explanation of a recommendation: layers, classes, and the sentences."""

from task2vec.distance import layer_distances, layer_groups
from task2vec.messages.explanations import About, ClassesJudged, ComparedLayers, Unknown
from task2vec.messages.models import Model
from task2vec.messages.recommendations import Recommended
from task2vec.recommendation.answer.classes import judge_classes
from task2vec.recommendation.answer.question import Question
from task2vec.recommendation.answer.sentences import sentences
from task2vec.service.bundles.shipped import is_shipped
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace
from task2vec.types import Likelihood
from task2vec.types.details import EmbeddingDetails


def explained(
    workspace: Workspace, subject: Subject, question: Question, answer: Recommended
) -> Recommended:
    """Return the answer with all of its explanation, where the question asks for one."""
    explanation = answer.explanation
    if explanation is None:
        return answer
    details = _details(workspace, subject)
    layers, unknown = _layers(workspace, subject, details, question, answer)
    classes, why = _classes(subject, details)
    whole = explanation.model_copy(
        update={
            "layers": layers,
            "classes": classes,
            "unknown": tuple(each for each in (unknown, why) if each is not None),
        }
    )
    whole = whole.model_copy(update={"sentences": sentences(whole)})
    return answer.model_copy(update={"explanation": whole})


def _details(workspace: Workspace, subject: Subject) -> EmbeddingDetails | None:
    if subject.details is None and subject.record is not None:
        return workspace.store().tasks.details(subject.record.id)
    return subject.details


def _layers(
    workspace: Workspace,
    subject: Subject,
    details: EmbeddingDetails | None,
    question: Question,
    answer: Recommended,
) -> tuple[tuple[ComparedLayers, ...], Unknown | None]:
    """Compare with the nearest task, and with the source of the first model."""
    # Of shipped tasks a store has no layers to compare.
    tasks = {id_: task for id_, task in question.tasks.items() if not is_shipped(id_)}
    if not tasks:
        reason = "no other stored task can be compared with this one: embed some"
        return (), Unknown(about=About.LAYERS, reason=reason)
    stored = workspace.store().tasks
    nearest = min(tasks, key=lambda id_: (tasks[id_].symmetric, tasks[id_].name))
    first = _first_model(question, answer)
    source = first.task if first is not None and first.task in tasks else None
    against = [nearest] if source in (None, nearest) else [nearest, source]
    # Tasks of one space have the same layers.
    layouts = [details, *(stored.details(id_) for id_ in against)]
    layout = next((each.layers for each in layouts if each is not None), None)
    if layout is None:
        reason = _missing(subject, "which layer a number belongs to")
        return (), Unknown(about=About.LAYERS, reason=reason)
    groups = layer_groups(layout)
    compared = [
        ComparedLayers(
            task=tasks[id_].name,
            model=first.name if first is not None and id_ == source else None,
            by_layer=layer_distances(subject.embedding, stored.embedding(id_), groups),
        )
        for id_ in against
    ]
    return tuple(compared), None


def _first_model(question: Question, answer: Recommended) -> Model | None:
    name = next((each.model for each in answer.recommendations), None)
    return next((model for model in question.models if model.name == name), None)


def _classes(
    subject: Subject, details: EmbeddingDetails | None
) -> tuple[ClassesJudged | None, Unknown | None]:
    provenance = subject.embedding.provenance
    if provenance.likelihood is Likelihood.BERNOULLI:
        reason = "an image may have several labels: being taken for another class means nothing"
    elif details is None:
        reason = _missing(subject, "how its classes are recognised")
    elif details.classes is None:
        reason = "fewer than two classes have two images, so that none can be left out"
    else:
        return judge_classes(provenance.class_names, details.classes), None
    return None, Unknown(about=About.CLASSES, reason=reason)


def _missing(subject: Subject, what: str) -> str:
    return (
        f"{what} is not stored with {subject.name}, which an earlier version embedded, or which "
        "was imported without: embed it again with `update` (`embed SOURCE --update`)"
    )
