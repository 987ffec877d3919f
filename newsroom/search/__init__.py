"""The search over what is in print: by words, though mistyped; by section, author and date.

Uses publishing, models, web, core.
Begin with views.py; what is looked through is newsroom/models/article/search_entry.py.
"""
