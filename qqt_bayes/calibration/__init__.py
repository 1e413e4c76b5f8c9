"""Whether intervals hold as often as they say: simulation-based calibration."""
