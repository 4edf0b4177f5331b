"""The faces in a browser: the chat page, the helpdesk board, and what an operator's tools read."""
