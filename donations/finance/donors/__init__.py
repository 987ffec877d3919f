"""One donor: what they gave by year, and what a colleague may do for them."""
