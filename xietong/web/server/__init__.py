"""The front of the web server: what holds for every request and answer, who asks, what is logged and recorded."""
