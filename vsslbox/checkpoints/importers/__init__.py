"""Reading the files that other projects published."""
