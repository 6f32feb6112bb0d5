import { html, nothing, type TemplateResult } from "lit";
import { styled } from "../parts/styled";
import type { Legend } from "./colours";
import { css } from "./colours";

/** What the colours of the map mean. */
export const mapLegend = (legend: Legend, notes: string[]): TemplateResult => html`<div class="legend">
  <h2>${legend.title}</h2>
  ${legend.groups
    ? html`<ul>
        ${legend.groups.map(
          (each) => html`<li><span class="swatch" ${styled({ background: css(each.colour) })}></span><bdi>${each.name}</bdi></li>`,
        )}
      </ul>`
    : nothing}
  ${legend.scale
    ? html`<div class="ends">
        <span>${legend.scale.low}</span>
        <div class="scale" ${styled({ background: `linear-gradient(to right, ${legend.scale.colours.map(css).join(", ")})` })}></div>
        <span>${legend.scale.high}</span>
      </div>`
    : nothing}
  <p>${notes.join(" ")}</p>
</div>`;
