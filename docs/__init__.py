"""Pages for users, and the script that keeps their generated tables true."""
