"""What the API takes and gives, as JSON: one noun a file."""
