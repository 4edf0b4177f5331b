"""What is kept: conversations, outbox, transcript, cases. SQL lives here and nowhere else."""
