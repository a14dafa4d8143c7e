"""`python -m streaming`: the command line of the job."""

from streaming.cli import main

if __name__ == "__main__":
    main()
