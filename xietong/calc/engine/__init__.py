"""Engine 计算引擎: rules and their packs, their source read once into expressions, the engine that resolves them."""
