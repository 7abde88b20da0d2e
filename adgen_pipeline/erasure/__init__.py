"""Taking what is forgotten out of everything that was made from it."""
