"""Self-contained HTML pages, written from templates."""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from vsslbox.utils import whole_file

__all__ = ['flatten', 'write_page']


def write_page(
    path: str | os.PathLike,
    package: str,
    template: str,
    values: Mapping[str, Any],
    scripts: Sequence[str] = (),
    functions: Sequence[Callable] = (),
) -> None:
    """Write a page from a template, which gets the scripts and their hash for its policy.

    Args:
        path: The HTML file; missing folders are created.
        package: The package whose folder ``templates`` has template and scripts.
        template: The name of the template.
        values: What the template shows.
        scripts: The names of the scripts, which become one.
        functions: What the template calls, by their own names.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, 'templates'),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update({function.__name__: function for function in functions})
    script = ''.join(environment.loader.get_source(environment, name)[0] for name in scripts)
    html = environment.get_template(template).render(
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **values,
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished:
        # File names need not be valid text.
        unfinished.write_text(html, encoding='utf-8', errors='backslashreplace', newline='\n')


def flatten(values: Mapping[str, object], prefix: str = '') -> Iterator[tuple[str, object]]:
    """Yield the entries of nested mappings, with names such as ``outer.inner``."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f'{prefix}{name}.')
        else:
            yield f'{prefix}{name}', value
