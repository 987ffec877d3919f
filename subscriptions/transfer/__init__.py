"""Moving in and out: readers come from other tools' files, and leave as one.

Uses readers, models; newsroom (mail's addresses, web's exports).
Begin with importing.py.
"""
