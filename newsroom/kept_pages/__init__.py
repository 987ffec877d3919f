"""Public pages that are kept and answered before Django runs, until what they show changes.

Uses core and web; the models above say what a page shows, and the views which may be kept.
Begin with front.py, which answers; then noting.py, purges.py and changes.py.
"""
