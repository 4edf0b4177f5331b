"""Handrail's dialog engine: pure; it knows no Teams, no SQL and no clock."""
