"""Laws and baselines compared by how well they predict runs that they were not fitted to."""
