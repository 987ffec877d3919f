"""A donor's own data: all of it, and in words."""
