"""What `handrail` can do from the command line, one file a command."""
