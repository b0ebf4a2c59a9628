"""Give the project to a new owner: `make rename OWNER=ada [SITE=https://…] [EMAIL=…]` changes its addresses in every tracked file.

settings.ini holds them: the repository (git_url), the site (doc_host and doc_baseurl) and the maintainers' mail (author_email).
Other files repeat them where a tool or a reader expects a whole address: pyproject.toml, _quarto.yml, CITATION.cff, README.md,
links in pages, the first cell of each lesson, and the docstrings that nbdev-export writes. Plain Python and git are all it needs.
"""

import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEYS = ("repo", "git_url", "doc_host", "doc_baseurl", "author_email")


def settings() -> dict[str, str]:
    "The addresses as settings.ini has them."
    ini = ConfigParser(delimiters=["="], interpolation=None)
    ini.read(ROOT / "settings.ini", encoding="utf-8")
    return {key: ini["DEFAULT"][key] for key in KEYS}


def addresses(
    old: dict[str, str],
    owner: str,  # a user or an organisation on GitHub
    site: str,  # empty: the owner's pages on GitHub
    email: str,  # empty: it stays as it is
) -> dict[str, str]:
    "The new settings. Exit with one sentence if something is not what its name says."
    if not re.fullmatch(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}", owner):
        sys.exit(f"OWNER must be a name on GitHub, found {owner!r}: give one, as in `make rename OWNER=ada`.")
    site = (site or f"https://{owner.lower()}.github.io/{old['repo']}").rstrip("/")
    parts = re.fullmatch(r"(https?://[\w-]+(?:\.[\w-]+)*(?::\d+)?)((?:/[\w.~-]+)*)", site, re.A)
    if not parts:
        sys.exit(f"SITE must be the address of a web site, found {site!r}: give one like https://example.net/ddpm.")
    if email and not re.fullmatch(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", email, re.A):
        sys.exit(f"EMAIL must be a mail address, found {email!r}: give one like ada@example.net.")
    new = {"git_url": f"https://github.com/{owner}/{old['repo']}", "doc_host": parts[1], "doc_baseurl": parts[2]}
    return {**old, **new, "author_email": email or old["author_email"]}


def renamed(text: str, old: dict[str, str], new: dict[str, str]) -> str:
    "The text with the new addresses. An address ends where neither a letter, a digit, a hyphen nor a part of a domain follows."
    site = [a["doc_host"] + a["doc_baseurl"] for a in (old, new)]
    for before, after in (site, *([old[key], new[key]] for key in ("git_url", "author_email"))):
        text = re.sub(
            rf"(?:(?<=git\+)|(?<![\w.@+-])){re.escape(before)}(?![\w-]|\.\w)", lambda _, after=after: after, text
        )
    for key in ("doc_host", "doc_baseurl"):  # the two halves of the site's address in settings.ini and in nbdev's index
        text = re.sub(rf"(?m)^({key} =)[^\r\n]*", lambda m, key=key: f"{m[1]} {new[key]}".rstrip(), text)
        text = re.sub(rf"('{key}': ')[^']*", lambda m, key=key: m[1] + (new[key] or "/"), text)
    return text


def main(owner: str = "", site: str = "", email: str = "") -> None:
    old = settings()
    new = addresses(old, owner, site, email)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if tracked.returncode:
        sys.exit(f"The folder must be a clone made by git, found none in {ROOT}: {tracked.stderr.strip()}")
    changed = 0
    for path in (ROOT / name for name in tracked.stdout.split("\0") if name):
        try:
            before = path.read_bytes()
            after = renamed(before.decode(), old, new).encode()
        except (FileNotFoundError, UnicodeDecodeError):  # deleted and not committed yet; a picture, a model
            continue
        if after != before and not path.is_symlink():
            path.write_bytes(after)
            changed += 1
    print(
        f"Repository {new['git_url']}, site {new['doc_host']}{new['doc_baseurl']}, mail {new['author_email']}:", end=" "
    )
    print(f"{changed} files changed.")


if __name__ == "__main__":
    main(*sys.argv[1:4])
