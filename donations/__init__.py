"""Asking, giving, accounting: docs/architecture.md."""
