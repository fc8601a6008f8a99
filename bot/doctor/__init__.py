"""The doctor: what is set up wrongly in Discord and in the cluster."""
