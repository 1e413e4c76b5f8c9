"""Families of files, one module each: one function recognises a kind and makes a sheet of it."""
