"""A page to play with, served by ``python -m causal_agency.explore``: who wrote a symbol decides if it is evidence.

The page asks this package for everything that it shows, in the browser itself (under Pyodide) or from a small local
server; its JavaScript only puts the answers in their places. `answer` is that question and needs the standard library
alone.
"""

from causal_agency.explore._answer import answer

__all__ = ["answer"]
