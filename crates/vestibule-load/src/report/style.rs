//! The one stylesheet.

pub(super) const SHEET: &str = "
:root{--ground:#fff;--card:#f6f7f9;--text:#1c2430;--quiet:#5a6675;--line:#d8dde4;--one:#2457c5;--two:#b4541a;--three:#1f7a4d;--four:#7a3fa8;--good:#1a6b3c;--bad:#a8201a}
@media (prefers-color-scheme:dark){:root{--ground:#14181e;--card:#1c222b;--text:#e6eaf0;--quiet:#9aa7b6;--line:#343d4a;--one:#86aefc;--two:#f0a36b;--three:#74cf9e;--four:#c79bf0;--good:#7bd6a0;--bad:#ff938c}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.8rem;line-height:1.2;margin:0 0 .75rem}
h2{font-size:1.25rem;margin:0 0 .75rem}
p{max-width:46rem;margin:0 0 .75rem}
.lead{color:var(--quiet)}
section{margin-top:2rem;padding-top:1.5rem;border-top:1px solid var(--line)}
.facts{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0;padding:.75rem 1rem;background:var(--card);border-radius:.5rem}
.facts dt{font-size:.8rem;color:var(--quiet)}
.facts dd{margin:0}
.scroll{overflow-x:auto;margin:0 0 1rem}
table{border-collapse:collapse;min-width:50%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);font-weight:400;vertical-align:top}
thead th{color:var(--quiet);font-size:.85rem}
td.number{text-align:right;white-space:nowrap}
.met{color:var(--good);font-weight:600}
.missed{color:var(--bad);font-weight:600}
figure{margin:0 0 1.25rem}
figcaption{font-weight:600;margin-bottom:.25rem}
svg{display:block;width:100%;max-width:46rem;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--quiet)}
.axis{stroke:var(--line);stroke-width:1}
.limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:6 4}
.s0{--ink:var(--one)}.s1{--ink:var(--two)}.s2{--ink:var(--three)}.s3{--ink:var(--four)}
.series path{fill:none;stroke:var(--ink);stroke-width:2}
.series line{stroke:var(--ink);stroke-width:1.5}
.series circle{fill:var(--ink)}
";
