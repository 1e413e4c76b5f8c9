"""The laws of whole pools in machine code, where there are millions of errors to compute.

The formulas are those of `qqt_bayes.laws.law` and `qqt_bayes.laws.effective_reuse`, to which tests
pin them. Nothing here is imported before it is needed: Numba takes longer to load than a small
decision takes.
"""
