"""What every request and answer passes through: the way in, who asks, limits, public forms.

Uses core.
Begin with front.py, then public_forms.py.
"""
