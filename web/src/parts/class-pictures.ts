import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { send } from "../api/client";
import type { TaskPictures } from "../api/types";
import { Panel } from "../base";
import { styled } from "./styled";
import { name } from "./words";

const FEW = 8;

/** Small pictures of a task's images, class by class, cut from one sheet. */
@customElement("class-pictures")
export class ClassPictures extends Panel {
  @property({ attribute: false }) pictures!: TaskPictures;
  @state() private sheet = "";
  @state() private all = false;

  protected override render() {
    const { classes, side, columns } = this.pictures;
    const shown = this.all ? classes : classes.slice(0, FEW);
    return html`<ul class="class-pictures">
        ${shown.map(
          (each, row) => html`<li>
            <h3>${name(each.name)}</h3>
            <div role="img" aria-label="${each.pictures} images of ${each.name}">
              ${Array.from(
                { length: each.pictures },
                (_, column) =>
                  html`<span ${styled({
                    width: `${side}px`,
                    height: `${side}px`,
                    backgroundImage: this.sheet ? `url("${this.sheet}")` : "none",
                    backgroundSize: `${side * columns}px ${side * classes.length}px`,
                    backgroundPosition: `-${column * side}px -${row * side}px`,
                  })}></span>`,
              )}
            </div>
          </li>`,
        )}
      </ul>
      ${classes.length > FEW
        ? html`<button type="button" aria-expanded=${this.all} @click=${() => (this.all = !this.all)}>
            ${this.all ? "Show fewer" : `Show all ${classes.length} classes`}
          </button>`
        : nothing}`;
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("pictures")) void this.fetch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    URL.revokeObjectURL(this.sheet);
  }

  private async fetch(): Promise<void> {
    const asked = this.pictures.id;
    const url = new URL(`v1/tasks/${encodeURIComponent(asked)}/pictures/sheet`, document.baseURI);
    const answer = await send(new Request(url)).catch(() => null);
    if (answer === null || asked !== this.pictures.id) return;
    URL.revokeObjectURL(this.sheet);
    this.sheet = URL.createObjectURL(await answer.blob());
  }
}
