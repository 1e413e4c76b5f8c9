"""The command qqt: thin, one module for what a command needs of its own.

The only room that imports click and knows exit codes; no command imports another.
"""
