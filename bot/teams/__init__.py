"""Everything that knows Microsoft Teams and the Bot Framework; no other package imports either."""
