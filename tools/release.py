"""Prepare a release: version, changelog and a wheel whose contents are checked.

python tools/release.py 0.2.0 [--out dist]

Nothing is published or committed. The working tree must be clean and the changelog must have
changes under `Unreleased`. The version goes to vsslbox/version.py and CITATION.cff, the changes
under a heading with the version and today's date. Then the wheel is built and compared with the
repository, and the commands that are left for you are printed.
"""

import argparse
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ('configs/', 'tools/')  # into vsslbox/.mim of the wheel
MAX_BYTES = 20 * 2**20


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('version', help='the new version, such as 0.2.0')
    parser.add_argument('--root', type=Path, default=ROOT, help='the repository')
    parser.add_argument('--out', type=Path, help='folder of the wheel (default: dist)')
    return parser.parse_args()


def git(root: Path, *words: str) -> str:
    """Return what a command of git prints."""
    command = ['git', '-C', str(root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def replace(path: Path, pattern: str, text: str) -> str:
    """Replace the one place of a file that a pattern matches; return what was there."""
    content = path.read_text(encoding='utf-8')
    found = re.findall(pattern, content, flags=re.MULTILINE)
    if len(found) != 1:
        sys.exit(f'{path} has {len(found)} places like {pattern!r}, not one')
    replaced = re.sub(pattern, lambda match: text, content, flags=re.MULTILINE)
    path.write_text(replaced, encoding='utf-8')
    return found[0]


def check_before(root: Path, version: str) -> None:
    """End if the release cannot be prepared."""
    if not re.fullmatch(r'\d+\.\d+\.\d+((a|b|rc)\d+)?', version):
        sys.exit(f'{version!r} is not a version such as 0.2.0 or 0.2.0rc1')
    if changed := git(root, 'status', '--porcelain'):
        sys.exit(f'the working tree has changes: commit them first\n{changed}')
    if f'v{version}' in git(root, 'tag').split():
        sys.exit(f'there is a tag v{version} already')
    changelog = (root / 'CHANGELOG.md').read_text(encoding='utf-8')
    unreleased = re.search(r'^## Unreleased\n(.*?)(?=^## |\Z)', changelog, re.MULTILINE | re.DOTALL)
    if unreleased is None or not re.search('^- ', unreleased[1], re.MULTILINE):
        sys.exit('CHANGELOG.md has no changes under `## Unreleased`')


def set_version(root: Path, version: str) -> None:
    """Write the version into every file that has it."""
    replace(root / 'vsslbox/version.py', r"^__version__ = '.*'$", f"__version__ = '{version}'")
    replace(root / 'CITATION.cff', r'^version: .*$', f'version: {version}')
    heading = f'## Unreleased\n\n## {version} - {date.today():%Y-%m-%d}'
    replace(root / 'CHANGELOG.md', r'^## Unreleased$', heading)


def build_wheel(root: Path, out: Path) -> Path:
    """Build the wheel and return its path."""
    command = [sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation']
    subprocess.run([*command, '--quiet', '-w', str(out), str(root)], check=True)
    return max(out.glob('vsslbox-*.whl'), key=lambda path: path.stat().st_mtime)


def check_wheel(root: Path, wheel: Path, version: str) -> int:
    """Compare the files of the wheel with those of the repository; return their number."""
    tracked = set(git(root, 'ls-files', '-z').split('\0')) - {''}
    wanted = {name for name in tracked if name.startswith('vsslbox/')}
    wanted |= {f'vsslbox/.mim/{name}' for name in tracked if name.startswith(SHIPPED)}
    wanted |= {'vsslbox/.mim/model-index.yml'}
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    found = {name for name in sizes if '.dist-info/' not in name}
    problems = [f'lacks {name}' for name in sorted(wanted - found)]
    problems += [f'has {name}, which is not in the repository' for name in sorted(found - wanted)]
    problems += [f'has {name} of {size} bytes' for name, size in sizes.items() if size > MAX_BYTES]
    if not wheel.name.startswith(f'vsslbox-{version}-'):
        problems.append(f'has another version than {version}')
    if problems:
        sys.exit(f'the wheel {wheel}\n  ' + '\n  '.join(problems))
    return len(found)


def main() -> None:
    """Prepare the release."""
    args = parse_args()
    root, version = args.root.resolve(), args.version
    check_before(root, version)
    set_version(root, version)
    wheel = build_wheel(root, args.out or root / 'dist')
    count = check_wheel(root, wheel, version)
    print(f'{wheel}: {count} files, {wheel.stat().st_size / 2**20:.1f} MB')
    print(
        'Look at the changes (git diff) and run bash tools/run_tests.sh. Then:\n'
        f'  git commit -am "Release {version}" && git tag v{version} && git push --follow-tags\n'
        'and publish the wheel.'
    )


if __name__ == '__main__':
    main()
