"""How the work of the processor grows with its input: tests compare two sizes, and never a time with a number."""

import time


def growth(work, small, large):
    """Return how many times as long ``work(large)`` takes as ``work(small)``; each is the least of three."""
    return least(work, large) / least(work, small)


def least(work, size):
    times = []
    for _ in range(3):
        began = time.process_time()
        work(size)
        times.append(time.process_time() - began)
    return min(times)
