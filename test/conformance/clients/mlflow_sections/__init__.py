"""What is asked of a tracking server, a section a function."""
