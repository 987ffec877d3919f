"""A year's statements, mailed to all who gave in it: whom to, the run, and what became of it."""
