"""Dialogues as histories, and how they become tokens whose author is known."""
