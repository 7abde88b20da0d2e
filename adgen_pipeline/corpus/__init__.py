"""Documents, statistics, ads taken apart and chat rows."""
