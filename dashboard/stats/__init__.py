"""What containers and hosts use: an hour of it, and what comes."""
