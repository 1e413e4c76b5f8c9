"""Laws and baselines compared by what they predict of runs that they were not told."""
