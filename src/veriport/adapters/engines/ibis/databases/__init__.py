"""Each database: how a data set is found in it, and how its queries are run."""
