"""Speed against peers and limits: each module is a command that ends in one line of JSON with a ratio."""
