"""The parts of the campaign manager's page: what it asks the API, and what it shows, one module a screen."""
