"""The archive by month, the most read, the corrections; and how an arrangement is taken back.

Uses newsroom's models and staff.
Begin with newsroom/models/front/filling.py, then views.py and take_back.py.
"""
