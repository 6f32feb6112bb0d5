from hypothesis import given
from hypothesis import strategies as st

from task2vec.data.sampling.class_draw import spread

sizes = st.lists(st.integers(0, 30), max_size=12)


def one_by_one(total: int, sizes: list[int]) -> list[int]:
    """Give each image to the class that has given least so far, the first among equals."""
    quotas = [min(size, 2) for size in sizes]
    while sum(quotas) < min(total, sum(sizes)):
        open_classes = [i for i, size in enumerate(sizes) if quotas[i] < size]
        quotas[min(open_classes, key=lambda i: quotas[i])] += 1
    return quotas


@given(st.integers(1, 200), sizes)
def test_filling_to_a_level_equals_giving_one_by_one(total: int, sizes: list[int]) -> None:
    assert spread(total, sizes) == one_by_one(total, sizes)


@given(st.integers(1, 200), sizes.filter(any), st.data())
def test_a_smaller_class_never_makes_another_give_less(
    total: int, sizes: list[int], data: st.DataObject
) -> None:
    shrunk = data.draw(st.sampled_from([i for i, size in enumerate(sizes) if size]))
    smaller = [size - (i == shrunk) for i, size in enumerate(sizes)]
    pairs = zip(spread(total, sizes), spread(total, smaller), strict=True)
    assert all(after >= before for i, (before, after) in enumerate(pairs) if i != shrunk)


def test_huge_classes_take_no_time() -> None:
    assert spread(10**9, [10**12, 1, 10**12]) == [499_999_999 + 1, 1, 499_999_999]
