/** How the picture of a run looks. */

export const style = `
:root { color-scheme: light dark; --line: #8a94a6; --text: #1c2430; --paper: #ffffff; --soft: #eef1f6;
  --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --line: #6b7587; --text: #e4e8ef; --paper: #14181f; --soft: #222936;
    --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 13px/1.45 system-ui, sans-serif; color: var(--text); background: var(--paper); }
header { padding: 12px 16px 8px; }
h1 { font-size: 16px; margin: 0 0 6px; }
.law { border-left: 4px solid var(--bad); background: var(--soft); padding: 6px 10px; margin: 6px 0;
  white-space: pre-wrap; }
.law b { color: var(--bad); }
code { font: 12px/1.4 ui-monospace, monospace; background: var(--soft); padding: 2px 5px;
  border-radius: 3px; }
.facts span { margin-right: 16px; white-space: nowrap; }
nav { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; padding: 6px 16px;
  background: var(--soft); position: sticky; top: 0; z-index: 2; }
nav label { white-space: nowrap; user-select: none; }
nav input[type=search] { width: 16em; }
button { font: inherit; padding: 1px 8px; }
#overview { display: block; width: 100%; height: 34px; cursor: pointer; }
#picture { display: block; width: 100%; cursor: grab; touch-action: none; user-select: none; }
#picture text { fill: var(--text); font-size: 11px; }
#picture .name { font-weight: 600; font-size: 12px; }
#picture .axis { stroke: var(--line); stroke-width: 1; }
#picture .tick { stroke: var(--line); stroke-width: 0.5; stroke-dasharray: 2 4; opacity: 0.6; }
#picture .dim { opacity: 0.1; }
#picture .chosen { stroke-width: 3; }
#picture .hit { stroke: transparent; stroke-width: 9; fill: none; }
main { display: grid; grid-template-columns: minmax(0, 3fr) minmax(14em, 1fr); gap: 12px;
  padding: 8px 16px 24px; }
#events { max-height: 40vh; overflow: auto; font: 12px/1.5 ui-monospace, monospace; }
#events div { display: grid; grid-template-columns: 8em 9em 14em 1fr; gap: 8px;
  cursor: pointer; padding: 0 4px; }
#events span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#events div:hover, #events .chosen { background: var(--soft); }
#details { background: var(--soft); padding: 8px 10px; white-space: pre-wrap;
  overflow-wrap: anywhere; align-self: start; }
.quiet { opacity: 0.7; }
`
