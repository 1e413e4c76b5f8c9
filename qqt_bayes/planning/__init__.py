"""What runs can teach before a fit, and which run to make next."""
