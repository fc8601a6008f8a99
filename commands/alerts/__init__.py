"""`/mute`, `/unmute`, `/ack`, and the buttons under an alert."""
