"""Figures on ECG paper."""
