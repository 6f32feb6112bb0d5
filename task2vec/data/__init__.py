"""From a source on disk or in memory to a lazy labelled image set."""
