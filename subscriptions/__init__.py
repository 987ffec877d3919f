"""Readers, newsletters, sending: docs/architecture.md."""
