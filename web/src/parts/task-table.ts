import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { repeat } from "lit/directives/repeat.js";
import { styled } from "./styled";
import { Panel, Watch } from "../base";
import { css, type Colouring } from "../map/colours";
import type { Placed } from "../state/atlas";
import { pointer } from "../state/pointer";
import { route } from "../state/route";
import { toggle, type View } from "../state/view";
import { number, taskLink, whole } from "./words";

const ROWS = 100;

interface Column {
  key: string;
  name: string;
  meaning?: string;
  by: (task: Placed) => number | string;
}

const COLUMNS: Column[] = [
  { key: "name", name: "Task", by: (task) => task.name.toLocaleLowerCase() },
  { key: "classes", name: "Classes", by: (task) => task.classes },
  { key: "images", name: "Images", by: (task) => task.images },
  { key: "complexity", name: "Complexity", meaning: "Distance to the trivial task: the larger, the harder", by: (task) => task.complexity ?? -Infinity },
  { key: "error", name: "Std. error", meaning: "Standard error: how far two repeats lie apart", by: (task) => task.standard_error ?? Infinity },
];

/** The tasks that the map shows, with all that it can do: read, sort, choose, open. */
@customElement("task-table")
export class TaskTable extends Panel {
  @property({ attribute: false }) tasks: Placed[] = [];
  @property({ attribute: false }) view!: View;
  @property({ attribute: false }) colouring!: Colouring;
  @property({ type: Number }) total = 0;

  /** The last order, which the pointer does not change. */
  private kept: { tasks: Placed[]; key: string; down: boolean; rows: Placed[] } = { tasks: [], key: "", down: false, rows: [] };

  constructor() {
    super();
    new Watch(this, pointer);
  }

  protected override render() {
    const [key, down] = this.order();
    const rows = this.sorted(key, down);
    const pages = Math.max(1, Math.ceil(rows.length / ROWS));
    const page = Math.min(pages, Math.max(1, Number(route.query.get("rows")) || 1));
    const here = rows.slice((page - 1) * ROWS, page * ROWS);
    return html`
      <div class="table-head">
        <h2>Tasks</h2>
        <p class="quiet" role="status">${rows.length === this.total ? whole(rows.length) : `${whole(rows.length)} of ${whole(this.total)}`}</p>
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of tasks">
        <table class="tasks">
          <caption class="unseen">Tasks, with the same filters as the map</caption>
          <thead>
            <tr>${COLUMNS.map((each) => this.heading(each, key, down))}</tr>
          </thead>
          <tbody>
            ${repeat(here, (task) => task.id, (task) => this.row(task))}
          </tbody>
        </table>
      </div>
      ${rows.length === 0 ? html`<p class="pager">No task is like that. <button type="button" @click=${clear}>Remove the filters</button></p>` : nothing}
      ${pages > 1
        ? html`<div class="pager">
            <button type="button" ?disabled=${page === 1} @click=${() => route.set({ rows: String(page - 1) })}>Before</button>
            <span>Page ${page} of ${pages}</span>
            <button type="button" ?disabled=${page === pages} @click=${() => route.set({ rows: String(page + 1) })}>Next</button>
          </div>`
        : nothing}
    `;
  }

  private heading(column: Column, key: string, down: boolean) {
    const sorted = column.key === key;
    return html`<th scope="col" class=${classMap({ number: column.key !== "name" })} aria-sort=${sorted ? (down ? "descending" : "ascending") : nothing}>
      <button type="button" title=${column.meaning ?? nothing} @click=${() => route.set({ sort: `${sorted && !down ? "-" : ""}${column.key}`, rows: null })}>
        ${column.name}${sorted ? html`<span aria-hidden="true">${down ? "↓" : "↑"}</span>` : nothing}
      </button>
    </th>`;
  }

  private row(task: Placed) {
    const chosen = this.view.selected.includes(task.id);
    return html`<tr
      class=${classMap({ chosen, pointed: pointer.id === task.id })}
      @pointerenter=${() => pointer.point(task.id)}
      @pointerleave=${() => pointer.point(null)}
    >
      <th scope="row">
        <div class="who">
          <label><input type="checkbox" .checked=${chosen} @change=${() => toggle(task.id)} /><span class="unseen">Select ${task.name}</span></label>
          <span class="dot" ${styled({ background: css(this.colouring.of(task)) })}></span>
          ${taskLink(task.id, task.name)}
        </div>
        ${task.tags.length ? html`<p class="under"><bdi>${task.tags.join(" · ")}</bdi></p>` : nothing}
      </th>
      <td class="number">${whole(task.classes)}</td>
      <td class="number">${whole(task.images)}</td>
      <td class="number">${number(task.complexity)}</td>
      <td class="number">${number(task.standard_error)}</td>
    </tr>`;
  }

  private order(): [string, boolean] {
    const asked = route.query.get("sort") ?? "name";
    const down = asked.startsWith("-");
    return [down ? asked.slice(1) : asked, down];
  }

  private sorted(key: string, down: boolean): Placed[] {
    if (this.kept.tasks === this.tasks && this.kept.key === key && this.kept.down === down) return this.kept.rows;
    const by = (COLUMNS.find((each) => each.key === key) ?? COLUMNS[0]!).by;
    const sign = down ? -1 : 1;
    const rows = [...this.tasks].sort((a, b) => {
      const [one, other] = [by(a), by(b)];
      return (one < other ? -1 : one > other ? 1 : 0) * sign;
    });
    this.kept = { tasks: this.tasks, key, down, rows };
    return rows;
  }
}

const clear = (): void => route.set({ q: null, tag: null, least: null, most: null, space: null, rows: null });
