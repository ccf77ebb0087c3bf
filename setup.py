"""Puts configs and tools into the wheel, where OpenMMLab's package manager looks for them."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SHIPPED = ('configs', 'tools', 'model-index.yml')


class BuildWithMim(build_py):
    """Copies what lies beside the package into ``vsslbox/.mim/`` of the build folder."""

    def run(self):
        """Build the package, then add ``.mim``; an editable install has the checkout instead."""
        super().run()
        if not self.editable_mode:
            mim = Path(self.build_lib, 'vsslbox', '.mim')
            shutil.rmtree(mim, ignore_errors=True)
            for name in SHIPPED:
                self._ship(ROOT / name, mim / name)

    def _ship(self, source: Path, target: Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        elif source.is_file():
            shutil.copy2(source, target)


setup(cmdclass={'build_py': BuildWithMim})
