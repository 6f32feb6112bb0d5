import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { styled } from "../parts/styled";
import "../parts/task-picture";
import { Panel } from "../base";

/** A task whose picture is shown above its dot, which is at this place of the screen. */
export interface Pictured {
  id: string;
  x: number;
  y: number;
  radius: number;
}

const SIDE = 64;
const GAP = 4;

/** Pictures of tasks over the canvas, where there is room for them. */
@customElement("map-pictures")
export class MapPictures extends Panel {
  @property({ attribute: false }) pictures: Pictured[] = [];

  protected override render() {
    return repeat(
      this.pictures,
      (each) => each.id,
      (each) => html`<div class="map-picture" ${styled({ transform: `translate(${each.x - SIDE / 2}px, ${each.y - each.radius - SIDE - GAP}px)` })}>
        <task-picture .task=${each.id}></task-picture>
      </div>`,
    );
  }
}
