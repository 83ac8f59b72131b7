"""Example project: departures from New York City, by airport and day, and statements for airlines."""
