"""Where things are kept that can always be made again."""

import os
from pathlib import Path
from tempfile import gettempdir


def cache_folder() -> Path:
    """Return ``$TASK2VEC_CACHE``, else ``~/.cache/task2vec``; it may not exist yet."""
    if configured := os.environ.get("TASK2VEC_CACHE"):
        return Path(configured)
    try:
        return Path.home() / ".cache" / "task2vec"
    except RuntimeError:
        return Path(gettempdir()) / "task2vec"
