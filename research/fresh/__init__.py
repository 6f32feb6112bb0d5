"""Fresh tasks: nothing was chosen on them, and they are scored once, at the end.

``python -m research.fresh.build`` makes them, beside the folder of the development tasks.
``results/fresh_tasks.json`` lists them: family, superfamily, what is asked, what one object is,
counts, a hash of names and pixels, and the packages with licence, version and hash.

The rule:

1. No constant, default or choice of method is set by looking at a fresh task. Until they are
   scored, nothing is trained or measured on them; people may look at pictures, to see whether the
   labels are right.
2. They are scored once, all of them, in every setting that is reported, by a commit after which no
   constant changes: `research.final_evaluation`. What comes out is reported, missed goals too.
3. A fresh task that turns out to be broken is repaired or removed before that commit, or stays as
   it is. `build` compares each task with the list, so that a change is noticed.
4. A second score, after a change, is reported as such: these are development tasks by then.

They were scored in December 2026: 26 tasks with few images and 24 of them with many, from all
families. The order of the plan depends on the tasks alone, and the run ended at a time that was set
before anybody saw a result. Of the other 22, some were embedded or fine-tuned on as relatives.

Their packages gave no task before, and their families are other ones than those of the examples
and of development. No image is in two tasks. Relatives, tasks of one family, are from one source
or from like ones, with other images: an expert of one has not seen what tests another.
"""
