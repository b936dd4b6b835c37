"""Fine-tuning by authorship: the objective, its settings, and the loop."""
