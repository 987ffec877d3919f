"""Experiments of the ask: two to four appeals at the same time, begun and ended by an editor.

Uses the models and times_shown.py.
Begin with running.py, then results.py and comparing.py.
"""
