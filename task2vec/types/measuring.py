"""What a recommendation may do with a task's images, where nothing else is asked for."""

#: Seconds, where nothing else is asked for.
BUDGET = 20.0
#: Seconds at most that a server is asked for.
MOST_BUDGET = 3600.0
#: The share of a task's images that another may have and still be evidence, discounted: what a
#: larger one flatters an expert by is no longer small (docs/adr/0040-small-shares-of-images.md).
MOST_SHARED = 0.05
