"""The style of a report, and the policy by which a browser loads nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --raised: #f5f6f7; --text: #1c2024; --faint: #555c64; --line: #c9ced4;
  --link: #0b5394; --critical: #9d1021; --high: #9a3b00; --medium: #6e5200; --low: #1d5b38; --info: #2b5070;
  --acts: #5a3e7d; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15181b; --raised: #1e2226; --text: #e6e8ea; --faint: #a9b1b9; --line: #444b53; --link: #8ec1f5;
    --critical: #ff9a9f; --high: #ffb083; --medium: #e6c65f; --low: #8dd3a6; --info: #9cc4e4; --acts: #c9aee8; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; padding: 0 1rem 3rem; max-width: 62rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.75rem; margin: 1.5rem 0 .25rem; }
h2 { font-size: 1.375rem; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--text); }
h3 { font-size: 1.125rem; margin: 2rem 0 .25rem; }
h4 { font-size: 1rem; margin: 0 0 .25rem; }
p, ul { margin: .5rem 0; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code { font: .875em/1.4 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; unicode-bidi: isolate; }
dd, td, li, h4 { unicode-bidi: isolate; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem; background: var(--ground); }
.faint { color: var(--faint); }
.lead { font-size: 1.125rem; }
.note { padding: .5rem 1rem; background: var(--raised); border-left: 4px solid var(--faint); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1rem 0; padding: 0; list-style: none; }
.severity { font-size: .8125rem; font-weight: 600; padding: 0 .4rem; border: 1px solid; border-radius: .25rem;
  white-space: nowrap; }
.critical { color: var(--critical); } .high { color: var(--high); } .medium { color: var(--medium); }
.low { color: var(--low); } .info { color: var(--info); } .acts { color: var(--acts); }
article { margin: 1rem 0; padding: .75rem 1rem; background: var(--raised); border: 1px solid var(--line);
  border-radius: .25rem; break-inside: avoid; }
article:target, tr:target { outline: 3px solid var(--link); }
dl { display: grid; grid-template-columns: 8.5rem 1fr; gap: .25rem 1rem; margin: .5rem 0 0; }
dt { grid-column: 1; color: var(--faint); }
dd { grid-column: 2; margin: 0; min-width: 0; }
details { margin: .25rem 0; }
summary { cursor: pointer; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding-bottom: .5rem; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 400; }
tbody th code, td code { white-space: nowrap; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
tbody th { min-width: 7rem; }
td { min-width: 4rem; max-width: 24rem; }
figure { margin: 1rem 0; }
figcaption { color: var(--faint); margin-bottom: .75rem; }
.strip { display: grid; grid-template-columns: 5rem 1fr 9.5rem; gap: .75rem; align-items: end; margin: .75rem 0; }
.strip svg { display: block; width: 100%; height: 3rem; border-bottom: 1px solid var(--line); }
.strip path { fill: currentColor; }
.strip span { color: var(--text); font-size: .875rem; font-variant-numeric: tabular-nums; }
.axis { display: flex; justify-content: space-between; gap: 1rem; margin: 0 10.25rem 0 5.75rem; font-size: .875rem;
  color: var(--faint); }
@media (max-width: 40rem) {
  dl { display: block; } dd { margin-bottom: .5rem; }
  .strip { grid-template-columns: 1fr auto; row-gap: .35rem; }
  .strip svg { grid-row: 2; grid-column: 1 / -1; } .axis { margin: 0; }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --raised: #fff; --text: #000; --faint: #444; --line: #999; --link: #000;
    --critical: #7a0c1a; --high: #7a2f00; --medium: #5a4300; --low: #174a2d; --info: #23425c; --acts: #48316a; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav, .skip { display: none; }
  .scroll { overflow: visible; } h2, h3, h4 { break-after: avoid; } tr { break-inside: avoid; }
  .strip path { print-color-adjust: exact; }
}
"""

POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
"""Of the content of the page: this style, and nothing from anywhere."""
