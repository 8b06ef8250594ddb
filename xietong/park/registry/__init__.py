"""Registry 登记册: what is in force at an instant, its revisions, who was in the park when, what is in doubt."""
