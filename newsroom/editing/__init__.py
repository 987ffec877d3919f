"""What stands around an article while it is written: its checklist, and two who save at once.

Uses publishing, staff, newsroom's models and core.
Begin with article_checklist.py.
"""
