"""A page to play with, served by ``python -m causal_agency.explore``: who wrote a symbol decides if it is evidence.

The page asks this package for everything that it shows, in the browser itself (under Pyodide) or from a small local
server; its JavaScript only puts the answers in their places. `answer` is that question and needs the standard library
alone:

    >>> from causal_agency.explore import answer
    >>> answer({"change": {"flip": 0}})["link"]    # of the first worked example, with another author of slot 1
    'symbol=A&symbol=B&p=p_B&w=0.35&nu=0.2+0.8&p=p_A&w=0.65&nu=0.9+0.1&see=A&see=B'
"""

from causal_agency.explore._answer import answer

__all__ = ["answer"]
