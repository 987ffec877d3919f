"""Taken away: a month's journal for spreadsheets, beancount and DATEV; a year's reports.

Uses the closing of the room above and the models; finance hands it out.
Begin with journal.py.
"""
