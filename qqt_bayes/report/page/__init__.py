"""A study as one page to send: plain numbers and words first, then HTML, Markdown or LaTeX of them.

What a page says is in `qqt_bayes.report.page.content`; each form only writes it down, and takes
every name from a user's table as text.
"""
