"""`/setup`: where the bot posts, chosen in Discord where the settings leave it open."""
