"""Which level or which pools to take at each budget, how sure, and what a mistake costs.

All are judged under the same draws.
"""
