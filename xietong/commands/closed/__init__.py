"""Closed 封存: the commands that close the figures of a period, reopen them and show what is closed."""
