"""One box that finds whatever a donor who writes in may name."""
