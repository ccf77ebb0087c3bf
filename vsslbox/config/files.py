"""Config files by path or by name."""

from difflib import get_close_matches
from pathlib import Path

from vsslbox.utils import ROOT

__all__ = ['find_config']


def find_config(name: str) -> str:
    """Return the path of a config file.

    Args:
        name: A path; one below the repository or, in an installation, below the files that came
            with it (``configs/vclr/...``); or the name of a config that came with it, without
            folder and ending.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if Path(name).is_file():
        return name
    shipped = {path.stem: path for path in (ROOT / 'configs').rglob('*.py')}
    for path in (ROOT / name, shipped.get(name)):
        if path and path.is_file():
            return str(path)
    near = get_close_matches(Path(name).stem, shipped, n=1)
    hint = f': did you mean {shipped[near[0]].relative_to(ROOT)}?' if near else ''
    raise FileNotFoundError(f'no config file at {name}{hint}')
