"""`python -m messaging_server`: the same as the command `messaging-server`."""

from messaging_server.cli import main

if __name__ == "__main__":
    main()
