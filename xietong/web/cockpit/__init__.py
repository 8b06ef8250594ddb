"""Cockpit 驾驶舱: the park at a glance: grade, findings, totals by month, what needs a look."""
