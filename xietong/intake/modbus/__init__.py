"""Modbus: devices that are polled on the grid of their interval; `python -m xietong.intake.modbus`."""
