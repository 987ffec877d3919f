"""The processes of a running newsroom: web, workers, beat, each a fork of one that has all loaded.

Uses the job engine and the web server's own commands, and knows no room of ours.
Begin with ``parts.py``; ``family.py`` keeps them.
"""
