"""PostgreSQL and Valkey from Python packages, for development and tests.

Neither touches anything outside the directory it is given, listens beyond loopback, or outlives the process
that started it. Production uses neither: these packages are in the development requirements only.
"""
