"""Measurements of speed, each beside a limit measured in the same run. Never a timed test."""
