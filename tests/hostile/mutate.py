"""Damage to bytes."""

import numpy as np


def mutate(data: bytes, *, other: bytes, random: np.random.Generator) -> bytes:
    """Return the bytes with one kind of damage: flips, a cut, a splice, zeros, or large numbers."""
    if len(data) < 8:
        return data + bytes(random.integers(0, 256, 8, dtype=np.uint8))
    changed = bytearray(data)
    # Half of the damage goes where the header is.
    reach = min(len(data), 64) if random.random() < 0.5 else len(data)
    at = int(random.integers(0, reach))
    match int(random.integers(0, 7)):
        case 0:
            for position in random.integers(0, reach, int(random.integers(1, 9))):
                changed[position] ^= 1 << int(random.integers(0, 8))
        case 1:
            del changed[at:]
        case 2:
            changed[at:] = other[int(random.integers(0, len(other))) :]
        case 3:
            end = at + int(random.integers(1, 64))
            changed[at:end] = bytes(len(changed[at:end]))
        case 4:
            value = int(random.choice([0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0x10000, 0]))
            order = "big" if random.random() < 0.5 else "little"
            changed[at : at + 4] = value.to_bytes(4, order)  # type: ignore[arg-type]
        case 5:
            end = at + int(random.integers(1, 64))
            changed[at:at] = changed[at:end] * int(random.integers(1, 20))
        case _:
            for position in random.integers(0, len(data), int(random.integers(1, 33))):
                changed[position] = int(random.integers(0, 256))
    return bytes(changed)
