"""What people get who ask for a model and train it: the evaluation that the fresh tasks are for.

    python -m research.development.build                       the development tasks, once
    python -m research.bundle FILE                             embeds them, once
    python -m research.final_evaluation --development NAME ... a trial on development tasks
    python -m research.final_evaluation --fresh                the fresh tasks: once, at the end
    python -m research.final_evaluation.report [--development] judges what is there

Somebody has some labelled images of a task. They alone are embedded, probed and trained on; images
of other objects test what was trained. Four answers of the product (nothing measured, two probes,
eight probes, 60 seconds) and simpler rules at the same seconds each take a model, and it is trained
by the recipe that the product names. Promises are held against that.

Answers are replayed: a model's linear probe, scores and short fine-tuning are measured once, with
their seconds of one core, and every rule that asks for them pays these seconds by a clock of its
own. What decides is the product's own code. `plan` holds the order and what is left out to save
time. Tables grow row by row, so that a run which was stopped goes on, and any beginning of it is a
sample over families.
"""
