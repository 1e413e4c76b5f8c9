"""The scaling laws and the combination theorem, and their curves on runs, levels and subsets."""
