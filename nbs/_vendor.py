"""What the site brings along instead of loading it from elsewhere: formulas, fonts and plotly.js, out of their npm packages.

    python nbs/_vendor.py            puts into nbs/static/vendor/ what is missing or differs (needs npm)
    python nbs/_vendor.py --update   takes the newest versions, and records them in _vendor.json

_vendor.json names, for each package, its version, its licence, npm's hash of the whole package, and each file with its sha256.
The files are committed (2 MB), so that the site is built without npm.
"""

import argparse
import base64
import fnmatch
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
RECORD = HERE / "_vendor.json"
VENDOR = HERE / "static/vendor"

WANTED = {  # package: (folder, files in the package)
    "katex": ("katex", ["dist/katex.min.js", "dist/katex.min.css", "dist/fonts/*.woff2"]),
    "plotly.js-basic-dist-min": ("plotly", ["plotly-basic.min.js"]),
    "@fontsource-variable/inter": (
        "inter",
        [f"files/inter-{part}-wght-normal.woff2" for part in ("latin", "greek", "greek-ext")],
    ),
    "@fontsource-variable/jetbrains-mono": (
        "jetbrains-mono",
        [f"files/jetbrains-mono-{part}-wght-normal.woff2" for part in ("latin", "greek")],
    ),
}


def place(folder: str, name: str) -> Path:
    "Where a package's file lies: KaTeX's style sheet looks for fonts/ beside itself, all else lies flat."
    name = name.removeprefix("dist/").removeprefix("files/")
    return VENDOR / folder / name


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unpack(spec: str) -> tuple[dict, dict[str, bytes]]:
    "A package's manifest (with npm's hash of it, `integrity`) and its files."
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", folder, spec], check=True, stdout=subprocess.DEVNULL
        )
        tarball = next(Path(folder).glob("*.tgz"))
        with tarfile.open(tarball) as tar:
            files = {m.name.removeprefix("package/"): tar.extractfile(m).read() for m in tar if m.isfile()}
        whole = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    return {**json.loads(files["package.json"]), "integrity": f"sha512-{whole}"}, files


def wrong(record: dict) -> list[str]:
    "The recorded files that are missing or differ."
    return [
        path
        for package in record.values()
        for path, digest in package["files"].items()
        if not (HERE / path).is_file() or sha256((HERE / path).read_bytes()) != digest
    ]


def fetch(record: dict, update: bool) -> dict:
    "Write the files of every package, and say what they are."
    found = {}
    for name, (folder, patterns) in WANTED.items():
        manifest, files = unpack(name if update else f"{name}@{record[name]['version']}")
        if not update and manifest["integrity"] != record[name]["integrity"]:
            raise SystemExit(
                f"{name} {manifest['version']} is not the package that was recorded: {manifest['integrity']}"
            )
        chosen = sorted(f for f in files if any(fnmatch.fnmatch(f, p) for p in [*patterns, "LICENSE"]))
        for pattern in patterns:
            if not fnmatch.filter(chosen, pattern):
                raise SystemExit(f"{name} {manifest['version']} has no {pattern}")
        digests = {}
        for file in chosen:
            path = place(folder, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[file])
            digests[path.relative_to(HERE).as_posix()] = sha256(files[file])
        found[name] = {
            "version": manifest["version"],
            "license": manifest["license"],
            "integrity": manifest["integrity"],
            "files": digests,
        }
        print(f"{name} {manifest['version']}: {len(chosen)} files, {sum(len(files[f]) for f in chosen) / 1e3:.0f} kB")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="take the newest versions")
    args = parser.parse_args()
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    if args.update or wrong(record):
        RECORD.write_text(json.dumps(fetch(record, args.update), indent=1) + "\n", encoding="utf-8")
    else:
        print("All there.")
