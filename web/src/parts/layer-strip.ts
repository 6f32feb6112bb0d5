import { html, nothing, svg, type TemplateResult } from "lit";
import type { TaskLayers } from "../api/types";
import { number, whole } from "./words";

const WIDE = 48;
const HIGH = 110;

/** An embedding by layer: for each the range of its middle eight tenths, and its mean. */
export function layerStrip({ layers }: TaskLayers): TemplateResult {
  const known = layers.filter((each) => each.low !== null && each.high !== null && each.mean !== null);
  if (known.length === 0) return html`<p class="quiet">It is not known which number is of which layer: an earlier version embedded it.</p>`;
  const low = Math.min(...known.map((each) => each.low!));
  const high = Math.max(...known.map((each) => each.high!));
  const at = (value: number) => (HIGH * (high - value)) / Math.max(1e-9, high - low);
  return html`
    <svg class="layers" viewBox="0 0 ${WIDE * layers.length} ${HIGH}" preserveAspectRatio="none" role="img" aria-label="Embedding by layer, from the first layer of the probe to the last; the table below has the numbers">
      ${layers.map((each, i) =>
        each.low === null || each.high === null || each.mean === null
          ? nothing
          : svg`<g>
              <title>${each.name}: ${number(each.mean, 1)}</title>
              <rect class="range" x=${i * WIDE + 8} y=${at(each.high)} width=${WIDE - 16} height=${Math.max(1, at(each.low) - at(each.high))} rx="4" />
              <rect class="mean" x=${i * WIDE + 4} y=${at(each.mean) - 1.5} width=${WIDE - 8} height="3" />
            </g>`,
      )}
    </svg>
    <p class="ends quiet"><span>first layer</span><span>last layer</span></p>
    <p class="note">Natural logarithm of the information in the filters of a layer: its mean, and where eight tenths of them lie.</p>
    <details>
      <summary>The numbers</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Layers">
        <table class="plain">
          <thead><tr><th scope="col">Layer</th><th scope="col" class="number">Filters</th><th scope="col" class="number">Mean</th><th scope="col" class="number">First decile</th><th scope="col" class="number">Last decile</th></tr></thead>
          <tbody>
            ${layers.map(
              (each) => html`<tr><th scope="row">${each.name}</th><td class="number">${whole(each.elements)}</td><td class="number">${number(each.mean, 2)}</td><td class="number">${number(each.low, 2)}</td><td class="number">${number(each.high, 2)}</td></tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  `;
}
