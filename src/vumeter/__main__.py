"""`python -m vumeter`."""

from vumeter.cli import main

if __name__ == "__main__":
    main()
