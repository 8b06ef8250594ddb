"""Wording 表述: words, numbers, formulas, sheets and charts as data, for the browser, the terminal and reports.

It stands below web and commands, so that neither leans on the other.
"""
