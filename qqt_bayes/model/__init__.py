"""The statistical model: specification, priors, noise, likelihood, coordinates, PyMC model."""
