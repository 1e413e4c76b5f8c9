"""`python -m qqt_bayes` is the command `qqt`."""

from qqt_bayes.cli import main

main(prog_name="qqt")
