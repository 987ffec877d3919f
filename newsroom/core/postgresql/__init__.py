"""Django's engine for PostgreSQL, with a pool that lives through the database's restart, and lines
that may be cut."""
