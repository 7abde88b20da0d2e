"""What people and bots use: the command line, the API and the page."""
