"""Terminal 终端: what commands share: whose figures are asked, how files are answered, what a database refuses."""
