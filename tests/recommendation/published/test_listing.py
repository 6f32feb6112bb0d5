"""The list of published models: orders, the figure that counts, and who is beaten."""

import pytest

from task2vec.messages.published import Cost, Figure, Order
from task2vec.recommendation.published.listing import list_published
from task2vec.recommendation.published.models import PublishedModel, published_models


def model(name: str, parameters: int | None, operations: int | None, **figures: float):
    """Return a model of 224 pixels per side."""
    return PublishedModel(
        name=name,
        default=False,
        input_size=224,
        parameters=parameters,
        operations=operations,
        licence="mit",
        **{figure.value: figures.get(figure.value) for figure in Figure},
    )


MODELS = [
    model("heavy.a", 50, 9, imagenet=0.9, v2=0.7),
    model("fast.a", 50, 2, imagenet=0.8, v2=0.8),
    model("small.a", 10, 5, imagenet=0.8),
    model("beaten.a", 60, 9, imagenet=0.7, v2=0.1),
    model("unknown.a", None, None, imagenet=0.95),
]


def best(**asked) -> set[str]:
    return {each.model.name for each in list_published(MODELS, **asked) if each.pareto}


def test_of_equals_the_cheaper_one_stays_and_an_unknown_cost_is_dear() -> None:
    assert best() == {"small.a", "heavy.a", "unknown.a"}
    assert best(costs=[Cost.OPERATIONS]) == {"fast.a", "heavy.a", "unknown.a"}
    assert best(costs=list(Cost)) == {"small.a", "fast.a", "heavy.a", "unknown.a"}


def test_models_without_the_figure_are_left_out_and_beat_nobody() -> None:
    listed = list_published(MODELS, figure=Figure.V2)
    assert [(each.model.name, each.accuracy) for each in listed] == [
        ("fast.a", 0.8),
        ("heavy.a", 0.7),
        ("beaten.a", 0.1),
    ]
    assert best(figure=Figure.V2) == {"fast.a"}


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (Order.ACCURACY, ["unknown", "heavy", "fast", "small", "beaten"]),
        (Order.PARAMETERS, ["small", "fast", "heavy", "beaten", "unknown"]),
        (Order.OPERATIONS, ["fast", "small", "beaten", "heavy", "unknown"]),
        (Order.INPUT_SIZE, ["beaten", "fast", "heavy", "small", "unknown"]),
        (Order.NAME, ["beaten", "fast", "heavy", "small", "unknown"]),
    ],
)
def test_the_order_is_that_asked_for_and_by_name_among_equals(order, names) -> None:
    found = list_published(MODELS, order=order)
    assert [each.model.architecture for each in found] == names


def test_no_shipped_model_that_is_left_out_is_as_good_as_one_that_stays() -> None:
    listed = list_published(published_models().values())
    assert len(listed) == 1266
    kept = [each for each in listed if each.pareto]
    for each in listed:
        size = each.model.parameters or float("inf")
        beaten = any(
            other.accuracy >= each.accuracy
            and (other.model.parameters or float("inf")) <= size
            and (other.accuracy, other.model.parameters) != (each.accuracy, each.model.parameters)
            for other in kept
        )
        assert each.pareto != beaten, each.model.name
