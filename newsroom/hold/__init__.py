"""The database knows when it is not the one that we last worked with: then nothing leaves.

Uses core.
Begin with gate.py.
"""
