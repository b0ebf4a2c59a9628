"Packaging metadata that lives in settings.ini; everything else is in pyproject.toml."

from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

ini = ConfigParser(delimiters=["="], interpolation=None)
ini.read(Path(__file__).with_name("settings.ini"), encoding="utf-8")
cfg = ini["DEFAULT"]
statuses = ["Planning", "Pre-Alpha", "Alpha", "Beta", "Production/Stable", "Mature", "Inactive"]
status = int(cfg["status"])

setup(
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
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    install_requires=cfg["requirements"].split("\n")[1:],
    extras_require={extra: cfg[f"{extra}_requirements"].split("\n")[1:] for extra in ("lab", "bench", "dev")},
)
