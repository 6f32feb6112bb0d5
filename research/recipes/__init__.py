"""What people get who fine-tune: cells of starting model, target, images, recipe and draw.

    python -m research.development.build     the tasks, once
    python -m research.recipes               adds cells until it is stopped
    python -m research.recipes.scores        scores the models of the cells by forward passes
    python -m research.recipes.judge_scores  which scores foretell the order of the cells
    python -m research.recipes.steps         how soon the default's final accuracy is reached
    python -m research.recipes.threshold     how sure a gain must be for the default to be left

The plan is fixed, stratified and in random order: any beginning of it is a sample of the whole, and
a run goes on where the last one stopped. ``results/recipes.csv`` holds a line for each cell.
"""
