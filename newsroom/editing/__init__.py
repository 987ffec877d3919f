"""What stands around an article that is written: its checklist, who may read the draft.

Uses publishing, staff, newsroom's models and core.
Begin with article_checklist.py.
"""
