"""A question answered whole: several laws fitted to one table, compared, and one decision on them.

It may use every other room but the command.
"""
