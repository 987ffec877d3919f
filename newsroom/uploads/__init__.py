"""What staff upload, before it is kept: looked at, cleaned of what it tells of people, bounded.

Uses nothing of ours.
Begin with pictures.py.
"""
