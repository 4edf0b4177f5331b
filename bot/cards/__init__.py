"""Prompt, case and ticket as Adaptive Card, as plain text and as the chat page's JSON.

Pure functions of a prompt or a case and a `Speaker`: no clock, no I/O, no Bot Framework.
"""
