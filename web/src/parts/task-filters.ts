import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Panel, Watch } from "../base";
import { atlas } from "../state/atlas";
import { route } from "../state/route";
import { spaces, tagCounts, type View } from "../state/view";

const FEW_TAGS = 12;

const COLOUR_NAMES = { tag: "tag", classes: "number of classes", complexity: "complexity", gain: "gain of a model" } as const;

/** What is shown of the tasks, in the map and in the table alike. */
@customElement("task-filters")
export class TaskFilters extends Panel {
  @property({ attribute: false }) view!: View;
  @state() private allTags = false;

  constructor() {
    super();
    new Watch(this, atlas);
  }

  protected override render() {
    const view = this.view;
    const tags = tagCounts();
    const shown = this.allTags ? tags : tags.filter(([tag], i) => i < FEW_TAGS || view.tags.includes(tag));
    const probes = spaces();
    return html`<form class="filters" role="search" aria-label="Filter the tasks" @submit=${(event: Event) => event.preventDefault()}>
      <div class="field search">
        <label for="q">Name or tag</label>
        <input id="q" type="search" autocomplete="off" spellcheck="false" .value=${view.search} @input=${this.put("q")} />
      </div>
      <div class="field" role="group" aria-label="Classes">
        <span>Classes</span>
        <div class="span">
          <input type="number" min="1" inputmode="numeric" aria-label="At least so many classes" .value=${text(view.least)} @change=${this.put("least")} />
          <span aria-hidden="true">to</span>
          <input type="number" min="1" inputmode="numeric" aria-label="At most so many classes" .value=${text(view.most)} @change=${this.put("most")} />
        </div>
      </div>
      ${probes.length > 1
        ? html`<div class="field">
            <label for="space">Probe</label>
            <select id="space" @change=${this.put("space")}>
              <option value="" ?selected=${view.space === ""}>all</option>
              ${probes.map((each, i) => html`<option value=${i} ?selected=${view.space === String(i)}>${each.probe} (${each.count})</option>`)}
            </select>
          </div>`
        : nothing}
      <div class="field">
        <label for="colour">Colour by</label>
        <select id="colour" @change=${this.put("colour")}>
          ${Object.entries(COLOUR_NAMES).map(([key, name]) => html`<option value=${key} ?selected=${view.colour === key}>${name}</option>`)}
        </select>
      </div>
      ${view.colour === "gain"
        ? html`<div class="field">
            <label for="model">Model</label>
            <select id="model" @change=${this.put("model")}>
              <option value="" ?selected=${view.model === ""}>choose one</option>
              ${atlas.models.map((each) => html`<option value=${each.name} ?selected=${view.model === each.name}>${each.name}</option>`)}
            </select>
          </div>`
        : nothing}
      ${tags.length
        ? html`<div class="chips" role="group" aria-label="Tags">
            <span>Tags</span>
            <ul>
              ${shown.map(
                ([tag, count]) => html`<li>
                  <button class="chip" type="button" aria-pressed=${view.tags.includes(tag)} @click=${() => this.turn(tag)}>
                    <bdi>${tag}</bdi><span class="count">${count}</span>
                  </button>
                </li>`,
              )}
              ${tags.length > FEW_TAGS
                ? html`<li>
                    <button class="chip" type="button" aria-expanded=${this.allTags} @click=${() => (this.allTags = !this.allTags)}>
                      ${this.allTags ? "fewer" : `all ${tags.length}`}
                    </button>
                  </li>`
                : nothing}
            </ul>
          </div>`
        : nothing}
    </form>`;
  }

  private put(name: string) {
    return (event: Event) => route.set({ [name]: (event.target as HTMLInputElement).value });
  }

  private turn(tag: string): void {
    const now = this.view.tags;
    route.set({ tag: (now.includes(tag) ? now.filter((each) => each !== tag) : [...now, tag]).join("\n") });
  }
}

const text = (value: number | null): string => (value === null ? "" : String(value));
