"""Section 5 of the paper and what goes beyond it: the first user of `neural.training`."""
