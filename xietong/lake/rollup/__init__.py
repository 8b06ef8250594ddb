"""The roll-up: from readings to hours and days, meters' registers among them."""
