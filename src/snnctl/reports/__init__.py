"""Charts and the HTML report, from plain data."""
