"""Interventional fine-tuning: a language model that does not take its own words as evidence."""

import os

# transformers serves tokenizers and configurations here; that it has no PyTorch is no news to the user.
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
