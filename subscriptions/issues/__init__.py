"""One issue before it goes: drafted, rendered, previewed, checked; and its feed.

Uses readers, the models and newsroom.
Begin with drafting.py, then rendering.py and checklist.py.
"""
