CREATE DATABASE mlflow; -- beside dagster's, which the image makes
