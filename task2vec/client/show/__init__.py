"""How answers are shown: each described once, drawn by commands, notebooks and terminals."""
