"""What is doubtful about the data: tables in, cases out. Nothing here edits a reading, and nothing opens a store."""
