"""``snnctl report``: runs side by side, as one HTML file."""
