"""What is in print, for programs of others: read only, with nothing that a reader can't see.

Uses publishing, models, web, core; Wagtail's API (v2) is the frame.
Begin with views.py; docs/api.md is for those who ask.
"""
