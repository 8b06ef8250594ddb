"""Journals that settle follows: from where it left off, those that are gone, copies that went on by themselves."""
