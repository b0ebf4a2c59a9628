"""The standing record once more: train by the best recipe of benchmarks/record, judge it, and print it beside what stands in its file.

    python benchmarks/standing_record.py [--runs 3]

Its budget is the record's, about 40 minutes of one core for three runs.
"""

import argparse
from pathlib import Path
from statistics import mean, stdev

from ddpm_widgets.record import measure_recipe, read_record

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=3)
args = parser.parse_args()

FOLDER = Path(__file__).parent / "record"
found = list(map(read_record, FOLDER.glob("*.json")))
if not found:
    print("No record stands yet: `ddpm-widgets record benchmarks/record/seed.py` measures the first.")
    raise SystemExit
best = min(found, key=lambda record: mean(record["fids"]))
again = measure_recipe(FOLDER / f"{best['recipe']}.py", runs=args.runs)
for when, record in ((best["date"], best), ("now", again)):
    fids = record["fids"]
    spread = f" ± {stdev(fids):.3f}" if len(fids) > 1 else ""
    print(f"{record['recipe']}, {when}: FID {mean(fids):.3f}{spread}, on {record['machine']}")
print(f"ratio {mean(again['fids']) / mean(best['fids']):.2f}")
