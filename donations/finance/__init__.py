"""What finance staff see and do: contributions, reviews, refunds.

Uses everything below in this app; shows money, never writes it by hand.
Begin with contributions.py, then reviews.py.
"""
