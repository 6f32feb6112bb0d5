"""Work that takes time: checked, run here or by a worker under a lease, and committed."""
