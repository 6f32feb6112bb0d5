"""Every question and every answer, once: what handlers, routes, clients and commands pass on."""
