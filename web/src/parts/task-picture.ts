import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { send } from "../api/client";
import { Panel } from "../base";

const kept = new Map<string, Promise<string | null>>();

/** The address of a task's picture, fetched once with the key of the tab; null where it has none. */
export function picture(id: string): Promise<string | null> {
  let found = kept.get(id);
  if (!found) {
    found = send(new Request(new URL(`v1/tasks/${encodeURIComponent(id)}/thumbnail`, document.baseURI)))
      .then((answer) => answer.blob())
      .then((blob) => URL.createObjectURL(blob))
      .catch(() => null);
    kept.set(id, found);
  }
  return found;
}

/** A small picture of a task's images. */
@customElement("task-picture")
export class TaskPicture extends Panel {
  @property() task = "";
  @property() alt = "";
  @state() private url: string | null = null;

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("task")) return;
    const asked = this.task;
    void picture(asked).then((url) => {
      if (asked === this.task) this.url = url;
    });
  }

  protected override render() {
    return this.url ? html`<img class="picture" src=${this.url} alt=${this.alt} width="96" height="96" />` : nothing;
  }
}
