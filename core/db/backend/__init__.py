"""PostgreSQL backend that keeps `ON DELETE` rules in the database."""
