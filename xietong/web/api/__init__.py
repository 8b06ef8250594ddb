"""The doors for programs: readings that are pushed, months that are stated; 201 only after the fsync."""
