"""Packaging metadata that lives in settings.ini, the package's page at the index, and the lessons, which go into the wheel.

Everything else is in pyproject.toml.
"""

import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
COURSE = ("lessons/*.ipynb", "lessons/README.md", "static/*.svg", "static/own_pictures.png")  # of nbs/


class BuildWithCourse(build_py):
    "Put the lessons beside the modules, as ddpm_widgets/course: `ddpm-widgets lab` copies them from there."

    def run(self):
        super().run()
        if self.editable_mode:
            return  # a checkout has them in nbs/
        for pattern in COURSE:
            for path in sorted((ROOT / "nbs").glob(pattern)):
                target = Path(self.build_lib, "ddpm_widgets", "course", path.relative_to(ROOT / "nbs"))
                self.mkpath(str(target.parent))
                self.copy_file(str(path), str(target))


def readme(text: str, home: str, branch: str) -> str:
    "README.md for a page that stands elsewhere: its links and pictures lead to `home`, and one picture does for light and dark."
    text = re.sub(r"^ *</?(?:picture|source)\b.*>\n", "", text, flags=re.M)
    text = re.sub(r'(src=")(?!https?:)', rf"\1{home}/raw/{branch}/", text)
    return re.sub(r"(\]\()(?!https?:|#)", rf"\1{home}/blob/{branch}/", text)


ini = ConfigParser(delimiters=["="], interpolation=None)
ini.read(ROOT / "settings.ini", encoding="utf-8")
cfg = ini["DEFAULT"]
statuses = ["Planning", "Pre-Alpha", "Alpha", "Beta", "Production/Stable", "Mature", "Inactive"]
status = int(cfg["status"])

setup(
    cmdclass={"build_py": BuildWithCourse},
    long_description=readme((ROOT / "README.md").read_text(encoding="utf-8"), cfg["git_url"], cfg["branch"]),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    author_email=cfg["author_email"],
    keywords=cfg["keywords"].split(),
    classifiers=[
        f"Development Status :: {status} - {statuses[status - 1]}",
        "Framework :: Jupyter",
        "Framework :: Jupyter :: JupyterLab",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    install_requires=cfg["requirements"].split("\n")[1:],
    extras_require={extra: cfg[f"{extra}_requirements"].split("\n")[1:] for extra in ("lab", "bench", "dev")},
)
