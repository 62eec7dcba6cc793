"""Colours and fonts of charts and pages: CSS variables, for light and dark screens and for paper."""

from __future__ import annotations

SERIES = 10  # colours; further series begin anew with other markers and fillings

# Any two are at least 20 apart in CIELAB, seen without red, green or blue cones too; 3 : 1 on their paper.
LIGHT = (
    "--ink:#1c2127;--muted:#5a626c;--line:#d9dde2;--paper:#ffffff;--wash:#f4f5f7;--accent:#1f5fa8;"
    "--c0:#4136a7;--c1:#f3640a;--c2:#29a671;--c3:#ba3f89;--c4:#7f5724;"
    "--c5:#5974c7;--c6:#7d27ea;--c7:#4a4247;--c8:#530707;--c9:#001845;"
    "--heat:31,95,168;"
)
DARK = (
    "--ink:#e8eaed;--muted:#a4acb6;--line:#363c44;--paper:#14171b;--wash:#1d2126;--accent:#7db4f0;"
    "--c0:#95acfe;--c1:#e49f40;--c2:#3db572;--c3:#cd57b7;--c4:#ffd928;"
    "--c5:#a9ffff;--c6:#9a6bff;--c7:#b1adb5;--c8:#c64e37;--c9:#feffc5;"
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
    ".chart .level{fill:none;stroke-width:1.75;stroke-dasharray:9 3 2 3}.chart .dotted{stroke-dasharray:2 3}"
    ".chart .neutral{stroke:var(--ink,#1c2127)}"
    ".chart .band{stroke:none;fill-opacity:.16}"
    ".chart .marker{stroke-width:1.5}"
    ".chart .bar{stroke-width:1}.chart .pale{fill-opacity:.35}.chart .empty{fill-opacity:0;stroke-width:1.75}"
    ".chart .histogram{fill-opacity:.3;stroke-width:1.25;stroke-linejoin:round}"
    ".chart .window{fill:var(--wash,#f4f5f7);stroke:none}"
    ".chart .dots{fill:none;stroke-linecap:round}"
    ".chart .other{stroke:var(--muted,#5a626c);stroke-opacity:.55;stroke-width:1.25}"
    ".chart .winner{stroke-width:3}"
    ".chart .strong{font-weight:650}"
    ".chart .heat{fill:rgb(var(--heat,31,95,168))}"
    ".chart .hollow{fill:none}" + _COLOURS
)
