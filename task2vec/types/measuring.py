"""How long a recommendation may measure on a task's images."""

#: Seconds, where nothing else is asked for.
BUDGET = 20.0
#: Seconds at most that a server is asked for.
MOST_BUDGET = 3600.0
