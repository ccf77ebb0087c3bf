"""Links of the documentation lead somewhere, and its commands and code are those of the library."""

import ast
import importlib
import re
import shlex
import subprocess

import pytest

from tests.conftest import REPO
from tests.tools import run_tool
from vsslbox.apis.command import COMMANDS
from vsslbox.config import find_config

LISTED = subprocess.run(
    ['git', 'ls-files', '-co', '--exclude-standard', '*.md'],
    cwd=REPO,
    capture_output=True,
    text=True,
    check=True,
).stdout.split()
PAGES = [name for name in LISTED if (REPO / name).is_file()]
FENCE = re.compile(r'^(```|~~~).*?^\1', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\]\(([^)\s]+)\)')


def text_of(path):
    """The text of a page without its code."""
    return re.sub(r'`[^`\n]*`', '`code`', FENCE.sub('', path.read_text()))


def anchors_of(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r'^#+ (.*)$', FENCE.sub('', path.read_text()), re.MULTILINE)
    return {
        re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-') for heading in headings
    }


@pytest.mark.parametrize('name', PAGES)
def test_links_lead_to_files_and_headings(name):
    page = REPO / name
    broken = []
    for link in LINK.findall(text_of(page)):
        if re.match(r'[a-z]+:', link):
            continue
        target, _, anchor = link.partition('#')
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors_of(path)):
            broken.append(link)
    assert broken == []


def test_every_page_is_linked():
    """From the README, or from a page that it leads to."""
    reached, waiting = set(), ['README.md']
    while waiting:
        name = waiting.pop()
        reached.add(name)
        for link in LINK.findall(text_of(REPO / name)):
            path = ((REPO / name).parent / link.partition('#')[0]).resolve()
            if path.is_dir():
                path /= 'README.md'
            if path.suffix == '.md' and path.is_file() and REPO in path.parents:
                found = path.relative_to(REPO).as_posix()
                waiting += [] if found in reached or found in waiting else [found]
    assert sorted(name for name in PAGES if name.startswith('docs/') and name not in reached) == []


# The tools that scripts pass their options to.
SCRIPTS = {
    'dist_train.sh': 'train.py',
    'slurm_train.sh': 'train.py',
    'dist_test.sh': 'test.py',
    'slurm_test.sh': 'test.py',
    'demo.sh': 'demo.py',
}


def blocks_of(page, language):
    fence = rf'^[ ]*```{language}\n(.*?)^[ ]*```'
    return re.findall(fence, (REPO / page).read_text(), re.MULTILINE | re.DOTALL)


def commands_of(page):
    """The commands of a page as words, without variables, optional brackets and comments."""
    for block in blocks_of(page, '(?:shell|bash|console|sh)'):
        for line in block.replace('\\\n', ' ').splitlines():
            try:
                words = shlex.split(re.sub(r'[\[\]]', ' ', line), comments=True)
            except ValueError:
                pytest.fail(f'{page}: {line!r} is no command')
            while words and re.match(r'\w+=', words[0]):
                words.pop(0)
            if words:
                yield words


def tool_of(words):
    """The path below tools/ of the Python tool that a command runs; None for others."""
    if words[0] == 'vsslbox' and len(words) > 1 and not words[1].startswith('-'):
        assert words[1] in COMMANDS, f'there is no command {" ".join(words[:2])}'
        return COMMANDS[words[1]]
    path = words[1] if words[0] in ('python', 'bash') and len(words) > 1 else ''
    if not path.startswith('tools/'):
        return None
    assert (REPO / path).is_file(), f'there is no {path}'
    name = path.removeprefix('tools/')
    return name if name.endswith('.py') else SCRIPTS.get(name)


RUNS = [(page, words) for page in PAGES for words in commands_of(page)]
HELP = {}


@pytest.mark.slow
@pytest.mark.parametrize('page', sorted({page for page, _ in RUNS}))
def test_commands_exist_with_their_options(page):
    for words in (words for name, words in RUNS if name == page):
        tool = tool_of(words)
        options = {word.partition('=')[0] for word in words if re.match('--[a-z]', word)}
        if tool is None or not options:
            continue
        if tool not in HELP:
            HELP[tool] = run_tool(REPO / 'tools' / tool, '--help').stdout
        known = set(re.findall(r'--[a-z][\w-]*', HELP[tool])) | {'--help', '--launcher'}
        assert options <= known, f'{" ".join(words)}: {tool} has no {options - known}'


@pytest.mark.parametrize('page', sorted({page for page, _ in RUNS}))
def test_configs_of_commands_exist(page):
    for words in (words for name, words in RUNS if name == page):
        for word in words:
            if re.fullmatch(r'configs/[^.$*{}]*\.py', word) and word == word.replace('CONFIG', ''):
                assert find_config(word), f'{" ".join(words)}: there is no {word}'


@pytest.mark.parametrize('page', [page for page in PAGES if blocks_of(page, 'python')])
def test_code_parses_and_its_imports_exist(page):
    for block in blocks_of(page, 'python'):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module.split('.')[0] == 'vsslbox':
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f'{node.module} has no {alias.name}'
