"""Signals as arrays: the model's input, display filters, linear estimates, waves of the beat."""
