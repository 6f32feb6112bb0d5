"""The hierarchical model of gains: what an outcome says of other models on other tasks.

The gain of model m on task t is a Gaussian process, a sum of independent parts:

- *by kind*: an expert of source s has ``far + rise * exp(-(d(s, t) / reach)^2)`` with d the
  symmetric distance, and, if the tasks are near, ``turn`` more or less as what they ask agrees
  (`compare_scatters`); a plain model has its own expected gain, from published figures if there
  are any. All of them are uncertain, so that outcomes move them for all models at once.
- *by model*: some are better throughout. Each is drawn from one distribution, whose width the
  outcomes tell: a model with few outcomes is pulled towards the rest.
- *by task*: on some tasks every expert loses, as on those that are like them.
- *by pair*: experts of like sources gain alike on like tasks; for one model, whatever it is, like
  tasks count alone. Tasks are as alike as their images are near and as what they ask overlaps
  (`compare_scatters`). Of this part and the one before a share is the task's own, whatever like
  tasks say: what a task asks is not all in its scatter.
  What an expert does is common, in both of its parts, to tasks that it takes one *stance* on: on
  near tasks that ask its own question it may gain whatever it loses elsewhere.
- *by cell*: what no other cell tells.

Conditioning on the outcomes seen is exact, and takes an instant for some hundreds of them. Nothing
but the `scales` of these parts is fitted.
"""
