"""How well draws stand for a posterior, in NumPy: agreement of chains, weights, sensitivity."""
