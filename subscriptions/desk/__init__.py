"""The editors' pages: newsletters, an issue's desk, its report, calls to review, delivery.

Uses everything below in this app; views parse, call one function and answer.
Begin with views.py: what a desk shows; actions.py is what its buttons do.
"""
