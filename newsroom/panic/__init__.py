"""In an emergency: the newsroom closes, its keys go and come back; and travel mode.

Uses closed, staff, mail and core; higher apps add their steps by hooks.
Begin with steps.py; the way back is putting_back.py, then reopening.py.
"""
