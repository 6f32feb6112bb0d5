"""Published figures of real models, and what they say before anything was measured.

`models.csv` has 1,267 models of timm with input size, parameters, operations, licence and top-1
accuracy on ImageNet and five variants of its test set; `sources.csv` says where numbers come from.
It was made from the result tables in timm's repository, one row per model; what is not there is
left empty. `default` says which weights timm loads where a name states none (asked of timm 1.0.31).
Operations are those of the newest benchmark there of the same architecture, input size and number
of parameters (benchmarks under PyTorch 2.1 left out: they did not count attention); licences are
those that timm's code states of the weights, empty where it says that it does not know.

Only numbers were taken, no text and no code. `VERSION` in `models` changes with the numbers.
"""
