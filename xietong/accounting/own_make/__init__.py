"""Own make 自产: power and heat that units made of sun, wind, waste heat and fuel, and how each part counts."""
