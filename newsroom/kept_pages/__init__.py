"""Public pages that are kept and answered before Django runs, until what they show changes.

Uses core, web, metrics, closed; models say what a page shows, views which of them may be kept.
Begin with front.py, which answers; then noting.py, changes.py, purges.py and trust.py.
"""
