"""What is computed of an ECG, as plain NumPy values, one noun a file."""
