import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { repeat } from "lit/directives/repeat.js";
import { styled } from "../parts/styled";
import { Panel } from "../base";
import type { Label } from "./labels";

/** The names beside the dots, as text over the canvas. */
@customElement("map-labels")
export class MapLabels extends Panel {
  @property({ attribute: false }) labels: Label[] = [];

  protected override render() {
    return repeat(
      this.labels,
      (each) => each.id,
      (each) =>
        html`<bdi class=${classMap({ label: true, chosen: each.chosen, faint: each.faint })}
          ${styled({ transform: `translate(${each.left}px, ${each.top}px)`, maxWidth: `${each.width}px` })}>${each.name}</bdi>`,
    );
  }
}
