/** The style of the mailbox page. A file of its own to the browser, since the page's policy allows no inline styles. */
export const mailboxStyle = `
:root {
  color-scheme: light dark;
  --page: #f3f4f6; --card: #ffffff; --line: #dfe2e7; --ink: #1c2128; --quiet: #5b6472; --accent: #1d4ed8; --on-accent: #ffffff; --chosen: #e5edff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1e2229; --line: #343a44; --ink: #e8eaed; --quiet: #a6adb8; --accent: #8ab4ff; --on-accent: #0b1a33; --chosen: #26334d;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column;
  background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
a { color: var(--accent) }
a:focus-visible, iframe:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
h1, h2, h3, p { margin: 0; overflow-wrap: anywhere }
.quiet, .bar p, time { color: var(--quiet) }
time { white-space: nowrap; font-variant-numeric: tabular-nums }

.bar { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; padding: 14px 20px; background: var(--card); border-bottom: 1px solid var(--line) }
.bar h1 { font-size: 18px }
.bar h1 a { color: inherit; text-decoration: none }
.bar p { font-size: 14px }

.empty { max-width: 460px; margin: auto; padding: 32px 20px; text-align: center }
.empty h2 { font-size: 22px }
.empty p { margin-top: 12px; color: var(--quiet) }
.action { display: inline-block; margin-top: 8px; padding: 10px 20px; border-radius: 8px; background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none }

.panes { flex: 1; display: grid; grid-template-columns: 320px minmax(0, 1fr) }
.list { border-right: 1px solid var(--line); background: var(--card) }
.list ol { list-style: none; margin: 0; padding: 0 }
.list li { border-bottom: 1px solid var(--line) }
.list li a { display: block; padding: 12px 20px; color: inherit; text-decoration: none }
.list li a:hover, .list [aria-current] { background: var(--chosen) }
.list [aria-current] { box-shadow: inset 3px 0 var(--accent) }
.list span, .list time { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.list time, .list .to { font-size: 13px }
.subject { font-weight: 600 }
.again { display: block; padding: 10px 20px; border-bottom: 1px solid var(--line); font-size: 14px }

.mail { padding: 20px 24px 32px; min-width: 0 }
.mail h2 { font-size: 20px; line-height: 1.3 }
.back { display: none }
.forms { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 20px; margin-top: 16px }
.forms h3 { display: flex; justify-content: space-between; margin-bottom: 6px; font-size: 14px }
.forms h3 a { font-weight: 400 }
iframe, pre { width: 100%; height: 720px; margin: 0; border: 1px solid var(--line); border-radius: 8px; background: var(--card) }
pre { padding: 16px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }

@media (max-width: 1100px) {
  .forms { grid-template-columns: minmax(0, 1fr) }
  pre { height: auto }
}
@media (max-width: 760px) {
  .panes { display: block }
  .list { border-right: 0 }
  body:not(.chosen) .mail, .chosen .list { display: none }
  .list [aria-current] { background: none; box-shadow: none }
  iframe { height: 840px }
  .mail { padding: 16px }
  .back { display: inline-block; margin-bottom: 8px }
}
`
