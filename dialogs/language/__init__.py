"""The guide language."""
