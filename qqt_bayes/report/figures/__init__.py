"""Finished numbers in, matplotlib figures out."""
