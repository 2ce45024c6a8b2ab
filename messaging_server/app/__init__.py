"""The one wiring place: `wiring` starts a server, `doors` and `senders` join the channels to the broker."""
