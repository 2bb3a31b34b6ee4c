"""The Reconstruct page: masking, and what the model reconstructs."""
