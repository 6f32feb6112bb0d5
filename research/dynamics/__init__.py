"""Information while a network learns: the experiments behind ``docs/dynamics.md``.

``python -m research.dynamics.curve`` (E1), ``.critical_period`` (E2, E4), ``.sensitivity`` (E3),
``.linear`` (E5), ``.reachability`` (E6) and ``.weights`` (E7) each make one result in
``research/results``. The predictions were written down before the runs, in those modules.
"""
