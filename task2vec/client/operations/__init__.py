"""What can be asked of every client, by subject: each method once, as a coroutine."""
