import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { Panel, Watch } from "../base";
import { colouring, type Colouring } from "../map/colours";
import { drawing } from "../map/map-canvas";
import { isOnMap, type OnMap } from "../map/scene";
import { nearTasks } from "../parts/near-tasks";
import { problemNote } from "../parts/problem-note";
import "../parts/first-steps";
import "../parts/task-filters";
import "../parts/task-table";
import { counted, busy, name } from "../parts/words";
import { atlas, type Placed } from "../state/atlas";
import { gainsOf } from "../state/gains";
import { keyOf, near } from "../state/near";
import { link, route } from "../state/route";
import { select, shown, spaces, view, type View } from "../state/view";
import type { Page } from "./page";

interface Filtered {
  tasks: Placed[];
  placed: OnMap[];
  colours: Colouring;
}

/** The tasks as a map, and beside it as a table. */
@customElement("map-page")
export class MapPage extends Panel {
  private key: unknown[] = [];
  private kept!: Filtered;

  constructor() {
    super();
    new Watch(this, atlas, route, near, gainsOf);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void atlas.renew();
    // It comes while the tasks do; where it fails the map says so.
    drawing().catch(() => undefined);
  }

  protected override render() {
    if (!atlas.loaded) return html`<div class="page">${busy("Reading the tasks")}</div>`;
    if (atlas.error) return html`<div class="page">${problemNote(atlas.error, () => void atlas.reload())}</div>`;
    if (atlas.tasks.length === 0) return html`<first-steps></first-steps>`;
    const now = view();
    const space = now.space === "" ? undefined : spaces()[Number(now.space)];
    void atlas.showProbe(space?.probe ?? null);
    const { tasks, placed, colours } = this.filtered(now);
    return html`
      <h1 class="unseen">Map of the tasks</h1>
      <task-filters .view=${now}></task-filters>
      <div class="atlas">
        <section aria-label="Map">
          <map-canvas .tasks=${placed} .view=${now} .colouring=${colours}></map-canvas>
        </section>
        <div class="beside">
          ${this.selection(now)}
          <task-table .tasks=${tasks} .view=${now} .colouring=${colours} .total=${atlas.tasks.length}></task-table>
        </div>
      </div>
    `;
  }

  /** The tasks that are shown and their colours; the same lists while nothing changes them. */
  private filtered(now: View): Filtered {
    const gains = now.colour === "gain" && now.model ? gainsOf.of(now.model).value : null;
    const { selected: _, asymmetric: __, ...filters } = now;
    const key: unknown[] = [atlas.tasks, atlas.space, gains, JSON.stringify(filters)];
    if (key.some((each, i) => each !== this.key[i])) {
      const tasks = shown(now);
      this.kept = { tasks, placed: tasks.filter(isOnMap), colours: colouring(now, tasks, gains) };
      this.key = key;
    }
    return this.kept;
  }

  private selection(now: View) {
    const chosen = now.selected.map((id) => atlas.byId.get(id)).filter((each): each is Placed => each !== undefined);
    const [first, ...others] = chosen;
    if (!first) return nothing;
    const found = near.of(keyOf(first.id, now.asymmetric));
    return html`<section class="near" aria-label="Selection">
      <header>
        <h2>${name(first.name)}${others.length ? html` <span class="quiet">and ${others.length} more</span>` : nothing}</h2>
        <div class="actions">
          <a class="button" href=${link(["tasks", first.id])}>Open</a>
          <button type="button" @click=${() => select([])}>Clear</button>
        </div>
      </header>
      <fieldset class="ways">
        <legend class="unseen">Order of the near tasks</legend>
        <label><input type="radio" name="way" .checked=${!now.asymmetric} @change=${() => route.set({ way: null })} /> Most alike</label>
        <label><input type="radio" name="way" .checked=${now.asymmetric} @change=${() => route.set({ way: "sources" })} /> Best sources for it</label>
      </fieldset>
      ${others.length ? html`<p class="quiet">Of ${name(first.name)} alone; ${counted(others.length, "other task is", "other tasks are")} selected.</p>` : nothing}
      ${nearTasks(found, `Tasks near ${first.name}`)}
    </section>`;
  }
}

export const mapPage: Page = { at: "", title: "Map", menu: "Map", show: () => html`<map-page></map-page>` };
