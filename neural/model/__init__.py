"""The decoder, its checkpoints, and its greedy replies."""
