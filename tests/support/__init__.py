"""Real parts for tests: base images, a registry, a Redis, an engine, and a check that nothing of them is left."""
