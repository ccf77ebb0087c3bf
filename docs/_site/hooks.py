"""Pages of the site that are not in docs/, and links between all of them.

README files of the repository become pages under the same names; links to files that are no pages
lose their targets. The reference is generated from the registries and the docstrings.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = (
    'CHANGELOG.md',
    'CODE_OF_CONDUCT.md',
    'CONTRIBUTING.md',
    'model_zoo.md',
    'configs/*/README.md',
    'projects/*/README.md',
    'tools/data/*/README.md',
)
PACKAGES = (
    'apis',
    'checkpoints',
    'config',
    'datasets',
    'datasets.readers',
    'datasets.transforms',
    'engine.hooks',
    'engine.runner',
    'evaluation.functional',
    'evaluation.metrics',
    'models.backbones',
    'models.heads',
    'models.losses',
    'models.memories',
    'models.necks',
    'models.selfsup',
    'search',
)
LINK = re.compile(r'(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)\s]+)\)')
FENCE = re.compile(r'^(```|~~~).*?^\1', re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace the folders of the navigation by the pages in them."""
    config.nav = [_expanded(entry) for entry in config.nav]
    return config


def _expanded(entry: object) -> object:
    if isinstance(entry, dict):
        ((title, value),) = entry.items()
        if isinstance(value, list):
            return {title: [_expanded(one) for one in value]}
        if value == 'reference/':
            return {title: ['reference/names.md', *map(_reference_page, PACKAGES)]}
        if value.endswith('/'):
            named = {'vclr', 'cvrl', 'vie', 'vdim'} if value == 'configs/' else set()
            pages = sorted(ROOT.glob(f'{value}*/README.md'))
            return {title: [_name(page) for page in pages if page.parent.name not in named]}
    return entry


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/ and the reference."""
    pages = {'index.md': ROOT / 'README.md'}
    for pattern in OUTSIDE:
        pages |= {_name(path): path for path in sorted(ROOT.glob(pattern))}
    for name, path in pages.items():
        files.append(File.generated(config, name, content=path.read_text(encoding='utf-8')))
    names = File.generated(config, 'reference/names.md', content=registered_names())
    files.append(names)
    for package in PACKAGES:
        text = f'# vsslbox.{package}\n\n::: vsslbox.{package}\n'
        files.append(File.generated(config, _reference_page(package), content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to pages of the site; those to other files become plain text."""
    code = [match.span() for match in FENCE.finditer(markdown)]

    def rewrite(match: re.Match) -> str:
        if any(start <= match.start() < end for start, end in code):
            return match[0]
        label, target = match.groups()
        if re.match(r'[a-z]+:|#', target):
            return match[0]
        path, _, anchor = target.partition('#')
        name = posixpath.normpath(posixpath.join(posixpath.dirname(_place(page)), path))
        found = _page_of(name, files)
        if found is None:
            return label[1:-1] if label.startswith('[') else label
        here = posixpath.dirname(page.file.src_uri) or '.'
        return f'{label}({posixpath.relpath(found, here)}{"#" + anchor if anchor else ""})'

    return LINK.sub(rewrite, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Show the roles and formulas of docstrings, which are reStructuredText, as code."""
    html = re.sub(r':(?:attr|class|func|meth|mod):<code>~?', '<code>', html)
    return re.sub(
        r'<p>\.\. math::\s*(.*?)</p>', r'<pre><code>\1</code></pre>', html, flags=re.DOTALL
    )


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _reference_page(package: str) -> str:
    return f'reference/{package}.md'


def _place(page: Page) -> str:
    """Return where a page lies in the repository."""
    name = page.file.src_uri
    if name == 'index.md':
        return 'README.md'
    return name if page.file.generated_by else f'docs/{name}'


def _page_of(name: str, files: Files) -> str | None:
    """Return the file of the site that a path of the repository leads to."""
    if name == 'README.md':
        return 'index.md'
    inside = name.removeprefix('docs/') if name.startswith('docs/') else name
    for candidate in (inside, f'{inside}/README.md'):
        if files.get_file_from_path(candidate) is not None:
            return candidate
    return None


def registered_names() -> str:
    """Return a page of all names that a config may use, each with one line."""
    import inspect

    import vsslbox.registry

    lines = ['# Registered names', '']
    lines += ['What `type` may name in a config, beside the parts of mmengine and mmaction2.', '']
    for kind in vsslbox.registry.__all__:
        registry = getattr(vsslbox.registry, kind)
        registry.import_from_location()
        own = {
            name: part
            for name, part in sorted(registry.module_dict.items())
            if part.__module__.startswith('vsslbox.')
        }
        if not own:
            continue
        lines += [f'## {kind}', '', '| name | what it is |', '|---|---|']
        for name, part in own.items():
            text = (inspect.getdoc(part) or '').partition('\n\n')[0].replace('\n', ' ')
            text = re.sub(r':\w+:`~?\.?([^`]*)`', r'`\1`', text).replace('|', '\\|')
            lines.append(f'| `{name}` | {text} |')
        lines.append('')
    return '\n'.join(lines)
