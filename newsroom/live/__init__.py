"""Live updates of an article: editors add entries, open pages ask for what is new.

Uses newsroom's models, publishing and staff.
Begin with writing.py, then views.py.
"""
