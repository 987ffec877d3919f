"""The processes of a running newsroom: web, workers, beat, each a fork of one that has all loaded.

Uses the job engine's and the web server's own commands, and closed.
Begin with ``parts.py``; ``family.py`` keeps them.
"""
