"""Automatic checks: one protocol, one file per source."""
