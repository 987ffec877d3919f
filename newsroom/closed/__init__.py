"""Is the newsroom closed? Asked by pages, by jobs, by each send, and by the processes themselves.

Uses core.
Begin with keys_file.py.
"""
