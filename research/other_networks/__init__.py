"""Starting models that are not the default's children of one task.

    python -m research.development.build            the tasks, once
    python -m research.other_networks.generalists   trained on all tasks but some
    python -m research.other_networks.packages      networks that other people's packages hold
    python -m research.other_networks.unlabelled    networks trained here without labels
    python -m research.other_networks.tuned MODEL   what fine-tuning leaves of a network's gain
    python -m research.other_networks.summary       the means, with intervals

Each but the last adds rows to its table in ``research/results`` until all are there.
"""
