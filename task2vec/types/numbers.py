"""Bounds of numbers that are read from others."""

#: The largest up to which every reader of JSON keeps all whole numbers exactly.
MOST_WHOLE = 2**53
