import { html, svg } from "lit";
import { customElement, state } from "lit/decorators.js";
import { Panel } from "../base";

type Line = [number, number][];

// A line is a point for each so many pixels of it.
const STEP = 4;

/** Takes a line that is drawn over the map, and tells of it by the event `lasso`. */
@customElement("map-lasso")
export class MapLasso extends Panel {
  @state() private line: Line = [];

  protected override render() {
    return html`<svg class="lasso" aria-hidden="true" @pointerdown=${this.begin} @pointermove=${this.draw} @pointerup=${this.end} @pointercancel=${() => (this.line = [])}>
      ${svg`<polygon points=${this.line.map((each) => each.join(",")).join(" ")} />`}
    </svg>`;
  }

  private begin(event: PointerEvent): void {
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.line = [this.place(event)];
  }

  private draw(event: PointerEvent): void {
    const last = this.line[this.line.length - 1];
    if (!last) return;
    const at = this.place(event);
    if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= STEP) this.line = [...this.line, at];
  }

  private end(): void {
    const line = this.line;
    this.line = [];
    this.dispatchEvent(new CustomEvent<Line>("lasso", { detail: line }));
  }

  private place(event: PointerEvent): [number, number] {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
