"""Tables and maps to figures and pages; computes nothing."""
