"""The report of one run: `neural.train`."""
