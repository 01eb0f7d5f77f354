"""What builds leave for later builds: steps' layers by key (`records`, `steps`), and cache mounts (`mounts`)."""
