"""`python -m lamae`: the command line of `lamae.cli`."""

from lamae.cli.main import run

if __name__ == "__main__":
    run()
