"""Intake 采集: devices, sources, what was due and received, doubtful data, orders to the park's own devices."""
