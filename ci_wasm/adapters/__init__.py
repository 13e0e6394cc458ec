"""One adapter for each outside system; it alone imports the library that reaches that system."""
