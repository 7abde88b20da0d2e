"""LanceDB and hybrid search."""
