"""The experiment: losses, arms, probes."""
