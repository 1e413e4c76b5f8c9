"""The search before the sampling: best fits, the profile of the floor, modes. It needs no PyMC."""
