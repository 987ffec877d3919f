"""The review queue: what a machine must not decide, whose it is, and how it is decided."""
