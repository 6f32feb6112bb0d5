"""Published figures of real models, and what they say before anything was measured.

Two tables of numbers, each collection with its source (`sources.csv`):

- `models.csv`: 1,267 models of timm with input size, parameters, operations, licence and top-1
  accuracy on ImageNet and five variants of its test set. Made from the result tables in timm's
  repository, one row per model; what is not there is left empty. `default` says which weights timm
  loads where a name states none (asked of timm 1.0.31). Operations are those of the newest
  benchmark there of the same architecture, input size and number of parameters (benchmarks under
  PyTorch 2.1 left out: they did not count attention); licences are those that timm's code states
  of the weights, empty where it says that it does not know.
- `outcomes.csv`: 1,175 outcomes of fine-tuning in six collections, from the result files of the
  repositories that `sources.csv` names, under the names used there. Those of PARC are rounded to
  two decimals, areas under curves to five; runs that failed there (-1) are left out. `parc-all`
  repeats all of `parc-controlled`. What SFDA calls accuracy is the mean over the classes for
  aircraft, caltech101, flowers and pets.

Only numbers were taken, no text and no code. `VERSION` in `tables` changes with the numbers.
"""
