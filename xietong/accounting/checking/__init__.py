"""Checking 核查: sources that differ, key units, and whether every key unit is monitored."""
