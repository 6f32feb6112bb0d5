"""A zoo of 500 experts of one network: where a distance must pay.

    python -m research.development.build      the tasks, once
    python -m research.large_zoo              adds experts until all are there
    python -m research.large_zoo.costs        what measuring a model takes
    python -m research.large_zoo.regret       regret against the size of the zoo
    python -m research.large_zoo.asymmetry    what tells more than the symmetric distance

Of each expert only the last stage was trained, on some classes and some images of a development
task. What the trunk says of an image is the same for all, and is computed once: an expert with its
outcomes on all other tasks costs some seconds. The plan is in random order, so that any beginning
of it is a smaller zoo of the same kind.
"""
