"""The lake: readings as they came, and hours and days rolled up from them. Delta tables that survive a power cut."""
