"""`/net tool`: what may be run on a node, against what. Pure: a command, or why not."""
