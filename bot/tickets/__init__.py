"""Ticket systems: one protocol, one file per system."""
