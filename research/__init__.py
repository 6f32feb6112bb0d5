"""What decided the defaults: experiments that are run again when a default is in doubt.

Their results, in ``research/results``, are quoted by ``docs/adr`` and the pages. What measures this
version is in ``benchmarks``.
"""

from pathlib import Path

RESULTS = Path(__file__).parent / "results"
