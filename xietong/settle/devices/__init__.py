"""Devices as settle hears them: their state, what was due of them, and what intake is to ask them for."""
