"""What a study shows of itself."""
