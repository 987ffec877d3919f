"""The bank's statements: read, matched with payouts and gifts, booked.

Uses postings and bookings of the room above; finance shows it.
Begin with reading.py, then matching.py.
"""
