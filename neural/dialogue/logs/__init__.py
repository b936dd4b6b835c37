"""Readers of agents' logs: one file a format, each a function from records to transcripts."""
