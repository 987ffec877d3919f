"""A donor's own data, in words."""
