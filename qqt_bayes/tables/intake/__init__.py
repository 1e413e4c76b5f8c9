"""What tables of people's own tooling hold in place of ours: it is named, never guessed at."""
