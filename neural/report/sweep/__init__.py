"""The report of a sweep over seeds and conditions: `neural.sweep`."""
