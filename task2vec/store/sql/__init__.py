"""The database: schema, migrations, connections, checksums."""
