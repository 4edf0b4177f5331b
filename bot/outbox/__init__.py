"""The outbox: what is to leave, taken out in order, tried again, and buried in the open."""
