"""A process that leases jobs from a server over HTTP and does them on one device."""
