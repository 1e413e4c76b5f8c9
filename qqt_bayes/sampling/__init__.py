"""From runs and a specification to a fit: best fits, samplers, many tables, a cluster."""
