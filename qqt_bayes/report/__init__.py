"""Results as words, tidy tables and pages."""
