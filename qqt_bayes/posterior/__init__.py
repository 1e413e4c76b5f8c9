"""What a fit holds: on disk, through its gate, and what it says of levels at budgets.

Never imports PyMC.
"""
