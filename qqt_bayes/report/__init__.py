"""Results as words, tidy tables and pages.

The only room that makes sentences for users and, in `figures`, that imports matplotlib.
"""
