"""The Qwen2 architecture: its layers, its weights, its greedy replies."""
