"""What can be asked of a server, each call once: as steps, for both kinds of client."""
