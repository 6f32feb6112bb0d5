"""One repository for each table other than those of tasks and jobs."""
