"""What a create request is held against before anything is made for it."""
