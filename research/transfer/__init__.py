"""Starting models tried on tasks: the outcomes that recommendations are judged on.

    python -m research.development.build     the tasks, from packages; some minutes
    python -m research.transfer              the outcomes; some hours, goes on where it stopped
    python -m research.transfer.report       judges the rankers; a minute

The zoo is an expert of every task, fine-tuned from the default probe, and the plain pretrained
models that install as packages. Every model meets every task but its own: no two tasks share an
image, so no expert has seen what it is tested on. All look at 96 pixels.
"""
