"""What a prober is asked and what it answers, and the pods that do it."""
