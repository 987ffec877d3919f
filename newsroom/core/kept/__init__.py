"""What is kept of people: in which tables, why, and for how long."""
