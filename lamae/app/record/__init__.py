"""The Record page: the ECG on paper, its measurements, its files."""
