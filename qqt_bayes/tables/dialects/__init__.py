"""How a table is written in a file, by whatever program: its text becomes cells of a table."""
