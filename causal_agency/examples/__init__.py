"""The paper's worked examples as values. Each module prints its table when it is run."""
