"""Colours and fonts of charts and pages: CSS variables, for light and dark screens and for paper."""

from __future__ import annotations

SERIES = 8  # colours; further series begin anew with other markers

LIGHT = (
    "--ink:#1c2127;--muted:#5a626c;--line:#d9dde2;--paper:#ffffff;--wash:#f4f5f7;--accent:#1f5fa8;"
    "--c0:#1f5fa8;--c1:#c2410c;--c2:#15803d;--c3:#7e3fb0;--c4:#92660a;--c5:#0e7490;--c6:#be2a5a;--c7:#525a65;"
    "--heat:31,95,168;"
)
DARK = (
    "--ink:#e8eaed;--muted:#a4acb6;--line:#363c44;--paper:#14171b;--wash:#1d2126;--accent:#7db4f0;"
    "--c0:#7db4f0;--c1:#f59a66;--c2:#6fcf92;--c3:#c79bf0;--c4:#e0b454;--c5:#62cbe0;--c6:#f48aac;--c7:#b3bac4;"
    "--heat:125,180,240;"
)
FONT = 'ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'

_COLOURS = "".join(f".chart .s{i}{{stroke:var(--c{i})}}.chart .f{i}{{fill:var(--c{i})}}" for i in range(SERIES))
STYLE = (
    f".chart{{{LIGHT}font:13px {FONT};font-variant-numeric:tabular-nums;max-width:100%;height:auto}}"
    f"@media screen and (prefers-color-scheme:dark){{.chart{{{DARK}}}}}"
    ".chart text{fill:var(--ink,#1c2127)}"
    ".chart .small{font-size:12px}"
    ".chart .muted{fill:var(--muted,#5a626c)}"
    ".chart .head{font-size:15px;font-weight:600}"
    ".chart .paper{fill:var(--paper,#fff)}"
    ".chart .grid{stroke:var(--line,#d9dde2);stroke-width:1;fill:none}"
    ".chart .axis{stroke:var(--muted,#5a626c);stroke-width:1;fill:none}"
    ".chart .curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    ".chart .thin{stroke-width:1.5}"
    ".chart .wide{stroke-width:7;stroke-opacity:.4;stroke-linecap:butt}"
    ".chart .dashed{stroke-dasharray:6 5}"
    ".chart .band{stroke:none;fill-opacity:.16}"
    ".chart .marker{stroke-width:1.5}"
    ".chart .bar{stroke-width:1}.chart .pale{fill-opacity:.35}"
    ".chart .histogram{fill-opacity:.3;stroke-width:1.25;stroke-linejoin:round}"
    ".chart .window{fill:var(--wash,#f4f5f7);stroke:none}"
    ".chart .dots{fill:none;stroke-linecap:round}"
    ".chart .other{stroke:var(--muted,#5a626c);stroke-opacity:.55;stroke-width:1.25}"
    ".chart .winner{stroke-width:3}"
    ".chart .strong{font-weight:650}"
    ".chart .heat{fill:rgb(var(--heat,31,95,168))}"
    ".chart .hollow{fill:var(--paper,#fff)}" + _COLOURS
)
