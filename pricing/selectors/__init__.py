"""What is read of the market."""
