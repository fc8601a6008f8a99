"""`/doctor`: what is set up wrongly in Discord or the cluster, and how to fix it."""
