"""The command qqt: thin, one module for what a command needs of its own."""
