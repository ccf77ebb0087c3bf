"""The command ``vsslbox``: each of its commands is a tool of the repository."""

import ast
import importlib.util
import sys
from collections.abc import Callable
from difflib import get_close_matches

from vsslbox.apis.command_line import run_command
from vsslbox.utils import ROOT
from vsslbox.version import __version__

__all__ = ['COMMANDS', 'main']

# The scripts below tools/, which the wheel has in `.mim`.
COMMANDS = {
    'pretrain': 'train.py',
    'finetune': 'finetune.py',
    'predict': 'predict.py',
    'test': 'test.py',
    'evaluate': 'evaluate.py',
    'leaderboard': 'leaderboard.py',
    'features': 'extract_features.py',
    'embed': 'embed.py',
    'embed-corpus': 'embed_corpus.py',
    'search': 'search.py',
    'duplicates': 'duplicates.py',
    'find-shots': 'data/find_shots.py',
    'score-videos': 'data/score_videos.py',
    'deduplicate': 'data/deduplicate.py',
    'export': 'export.py',
    'curves': 'analysis/curves.py',
    'views': 'analysis/views.py',
    'cam': 'analysis/cam.py',
    'confusion': 'analysis/confusion.py',
    'complexity': 'analysis/complexity.py',
    'import': 'convert/import_weights.py',
    'zoo': 'download.py',
    'check': 'data/check_videos.py',
    'shards': 'data/make_shards.py',
    'config': 'print_config.py',
    'sweep': 'sweep.py',
    'rerun': 'rerun.py',
}


def main() -> None:
    """Run the tool that the command line names, with the arguments after its name."""
    name, *arguments = sys.argv[1:] or ['--help']
    if name in ('-h', '--help'):
        print(_overview())
    elif name == '--version':
        print(f'vsslbox {__version__}')
    elif name in COMMANDS:
        sys.argv = [f'vsslbox {name}', *arguments]
        run_command(_tool(name))
    else:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f'did you mean {near[0]}?' if near else f'there are {", ".join(COMMANDS)}'
        print(f'vsslbox: no command {name!r}: {hint}', file=sys.stderr)
        sys.exit(2)


def _tool(name: str) -> Callable[[], None]:
    """Return the function of a tool, whose module gets the tool's name, as its workers need."""
    path = ROOT / 'tools' / COMMANDS[name]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f'{path} is no module')
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def _overview() -> str:
    """Return the list of commands; what each does is the first line of its tool."""
    lines = ['usage: vsslbox COMMAND [ARGUMENTS]     (vsslbox COMMAND --help shows them)', '']
    for name, tool in COMMANDS.items():
        source = (ROOT / 'tools' / tool).read_text(encoding='utf-8')
        text = ast.get_docstring(ast.parse(source)) or ''
        lines.append(f'  {name:14}{text.partition(chr(10))[0]}')
    return '\n'.join(lines)
