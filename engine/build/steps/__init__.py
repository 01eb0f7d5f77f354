"""The instructions that change files: what is to be done for each, as a `Deed`."""
