"""Writes the vectors beside this file with the libraries of the original:

    python make.py [DIRECTORY]

It needs what internal/interop/requirements.txt names. Salts, vectors and times are
fixed, so that every run writes the same bytes.

Each module vectors_NAME.py has a function files that yields names and cases; what
the fields of a case say stands there, or in original.py for what is signed.
"""

import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent


def main():
    sys.dont_write_bytecode = True
    where = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for module in sorted(HERE.glob("vectors_*.py")):
        for name, cases in importlib.import_module(module.stem).files():
            cases = cases if isinstance(cases, (dict, list)) else list(cases)
            text = json.dumps(cases, indent=1, ensure_ascii=False)
            (where / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
