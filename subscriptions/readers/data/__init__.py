"""A reader's own data, in words."""
