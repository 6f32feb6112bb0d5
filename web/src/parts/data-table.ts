import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Panel } from "../base";
import { whole } from "./words";

/** A column: what it shows of a row, and by what rows are sorted and found. */
export interface Column<T> {
  name: string;
  show: (row: T) => TemplateResult | string | typeof nothing;
  value?: (row: T) => string | number | null | undefined;
  number?: boolean;
}

const PAGE = 50;

/** A table that filters, sorts and pages rows that are all here. */
@customElement("data-table")
export class DataTable<T extends object> extends Panel {
  @property({ attribute: false }) rows: readonly T[] = [];
  @property({ attribute: false }) columns: Column<T>[] = [];
  @property() what = "rows";
  @property() empty = "There are none yet.";
  @state() private sorted: { column: number; down: boolean } | null = null;
  @state() private sought = "";
  @state() private page = 0;

  protected override render() {
    const found = this.found();
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const page = Math.min(this.page, pages - 1);
    const shown = found.slice(page * PAGE, (page + 1) * PAGE);
    return html`<div class="table-head">
        <label class="seek"><span class="unseen">Search ${this.what}</span>
          <input type="search" placeholder="Search ${this.what}" .value=${this.sought} @input=${this.seek} />
        </label>
        <span class="quiet" role="status">${this.what}: ${whole(found.length)}${found.length < this.rows.length ? ` of ${whole(this.rows.length)}` : ""}</span>
      </div>
      ${this.rows.length === 0 ? html`<p class="quiet none">${this.empty}</p>` : this.table(shown)}
      ${pages > 1
        ? html`<nav class="pager" aria-label="Pages of ${this.what}">
            <button type="button" ?disabled=${page === 0} @click=${() => (this.page = page - 1)}>Before</button>
            <span>${page + 1} of ${pages}</span>
            <button type="button" ?disabled=${page === pages - 1} @click=${() => (this.page = page + 1)}>Next</button>
          </nav>`
        : nothing}`;
  }

  private table(shown: readonly T[]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${this.what}>
      <table class="data">
        <thead>
          <tr>
            ${this.columns.map((each, i) => {
              const kind = each.number ? "number" : "";
              if (!each.value) return html`<th scope="col" class=${kind}>${each.name || html`<span class="unseen">actions</span>`}</th>`;
              const by = this.sorted?.column === i ? (this.sorted.down ? "descending" : "ascending") : nothing;
              return html`<th scope="col" class=${kind} aria-sort=${by}>
                <button type="button" @click=${() => this.sort(i)}>${each.name}${by === nothing ? "" : by === "ascending" ? " ↑" : " ↓"}</button>
              </th>`;
            })}
          </tr>
        </thead>
        <tbody>
          ${shown.map((row) => html`<tr>${this.columns.map((each) => html`<td class=${each.number ? "number" : ""}>${each.show(row)}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>`;
  }

  private found(): T[] {
    const words = this.sought.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = (row: T) => this.columns.map((each) => String(each.value?.(row) ?? "")).join(" ").toLowerCase();
    const found = words.length ? this.rows.filter((row) => words.every((each) => texts(row).includes(each))) : [...this.rows];
    const by = this.sorted && this.columns[this.sorted.column]?.value;
    if (!by) return found;
    const sign = this.sorted!.down ? -1 : 1;
    // What has no value stands last, either way.
    return found.sort((a, b) => {
      const [x, y] = [by(a), by(b)];
      if (x == null || y == null) return Number(x == null) - Number(y == null);
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
    });
  }

  private seek(event: Event): void {
    this.sought = (event.target as HTMLInputElement).value;
    this.page = 0;
  }

  private sort(column: number): void {
    const same = this.sorted?.column === column;
    this.sorted = { column, down: same ? !this.sorted!.down : this.columns[column]!.number === true };
    this.page = 0;
  }
}
