"""The sections of a report: each a function from results to a section, or to None where there is nothing to show."""
