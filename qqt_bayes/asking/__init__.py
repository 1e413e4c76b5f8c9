"""The public fit, study and decision, which first say where numbers may mean something else.

Each warns and goes on; what the package itself calls, hundreds of times in a calibration, does not
ask.  A module holds one of them, so that a decision imports no sampler.
"""
