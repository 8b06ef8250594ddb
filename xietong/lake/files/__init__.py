"""Files of the lake: Delta tables whose commits survive a power cut, and the proof that they are whole."""
