"""The ECG printed at true scale, with Matplotlib."""
