"""The accounts of staff, an app of its own: Wagtail's tables refer to them, ours to Wagtail's.

Uses core.
Begin with models.py.
"""
