"""The trained model applied to ECGs."""
