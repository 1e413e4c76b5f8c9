"""What other tools wrote, as the long table of runs that `qqt_bayes.read_runs` reads.

A family recognises a kind of file and makes a sheet of it, one row for each run; what the sheet
means is settled in one place for all families. Nothing is guessed without being said.
"""
