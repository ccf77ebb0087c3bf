"""Run ``python -m vsslbox``, which is the command ``vsslbox``."""

from vsslbox.apis.command import main

if __name__ == '__main__':
    main()
