"""The operations of the API, one module a subject; each is thin over the library."""
