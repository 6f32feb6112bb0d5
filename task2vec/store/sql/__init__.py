"""The database: schema, upgrades, connections, checksums."""
