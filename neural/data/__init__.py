"""What the model reads: facts, dialogues, tokens."""
