"""A zoo of 500 experts of one network: where a distance must pay.

    python -m research.development.build      the tasks, once
    python -m research.large_zoo              adds experts until all are there
    python -m research.large_zoo.costs        what measuring a model takes
    python -m research.large_zoo.regret       regret against the size of the zoo
    python -m research.large_zoo.asymmetry    what tells more than the symmetric distance
    python -m research.large_zoo.checkpoints  whether an early checkpoint is a better start

Of each expert only the last stage was trained, on some classes and some images (30 to 1,100) of a
development task. What the trunk says of an image is the same for all, and is computed once, in 13
minutes of one core. Then an expert takes some 25 seconds: 2 for its training, 13 for four linear
probes, two cross-validations and the scores on each of 35 targets (0.4 a cell), 2 for the
embedding, 3 for two fine-tuned cells, the rest for distances. The plan is in random order, so that
any beginning of it is a smaller zoo of the same kind.
"""
