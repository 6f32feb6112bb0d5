"""What is wrong with a message that does not fit its schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

Fault = Mapping[str, Any]


def true_faults(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults that pydantic tells, less those that only follow from others.

    It counts the items of a list that were good: one whose only item is faulty is told to be too
    short as well, though the item is there.
    """
    at = [tuple(fault["loc"]) for fault in faults]
    return [
        fault
        for fault, own in zip(faults, at, strict=True)
        if fault["type"] != "too_short"
        or not any(len(other) > len(own) and other[: len(own)] == own for other in at)
    ]


def first_fault(error: ValidationError) -> str:
    """Return the first fault in words: the place of the field, and what is wrong there."""
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
