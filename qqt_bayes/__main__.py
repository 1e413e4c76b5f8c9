"""`python -m qqt_bayes` is the command `qqt`."""

from qqt_bayes.cli.main import main

if __name__ == "__main__":
    main(prog_name="qqt")
