"""Tells the C library to keep memory that a pass frees, since the next batch wants it again."""

import ctypes
import sys

# From glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Stop glibc from returning large blocks to the system; returns whether it took the setting.

    With its defaults every activation of a CPU pass is mapped and unmapped anew, and up to half of
    the pass is page faults. It holds for the whole process, so an application sets it where it
    starts work, never a library on import. Elsewhere than on glibc nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        library = ctypes.CDLL("libc.so.6")
        taken = library.mallopt(_M_MMAP_MAX, 0), library.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    except (OSError, AttributeError):
        return False
    return all(taken)
