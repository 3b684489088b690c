"""What is deployed is true: the compose file keeps its specification, its commands run, its dashboards show what is."""
