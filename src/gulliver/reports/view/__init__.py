"""`gulliver view`: the pages of all studies, served to this machine's browser."""
