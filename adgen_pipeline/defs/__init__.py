"""Dagster definitions: the only package that imports dagster, one thin file a stage."""
