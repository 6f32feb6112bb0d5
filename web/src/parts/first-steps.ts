import { html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { api, data, SERVER } from "../api/client";
import { type ApiError, asError } from "../api/problem";
import { Panel } from "../base";
import { atlas } from "../state/atlas";
import { link } from "../state/route";
import { problemNote } from "./problem-note";
import { busy } from "./words";

const SHIPPED = "development";

/** What to do where no task is stored yet. */
@customElement("first-steps")
export class FirstSteps extends Panel {
  @state() private taking = false;
  @state() private error: ApiError | null = null;

  protected override render() {
    return html`<div class="empty">
      <h1>No task is stored yet</h1>
      <p>A task is a set of labelled images. Each one that is stored becomes a dot of the map; near dots are alike.</p>
      ${problemNote(this.error)}
      <ol>
        <li class="card">
          <h2>Look around first</h2>
          <p>task2vec knows 34 tasks of many kinds, without their images: letters, icons, clothes, satellite pictures.</p>
          ${this.taking
            ? busy("Taking them in")
            : html`<button class="first" type="button" @click=${this.take}>Show the tasks that come with task2vec</button>`}
        </li>
        <li class="card">
          <h2>From a folder of images, with a folder for each class</h2>
          <p><a class="button" href=${link(["drop"])}>Drop it on the page</a>, or in a terminal:</p>
          <pre tabindex="0">task2vec embed FOLDER --url ${SERVER}</pre>
        </li>
        <li class="card">
          <h2>From many folders at once</h2>
          <pre tabindex="0">task2vec batch FOLDERS --url ${SERVER}</pre>
        </li>
      </ol>
    </div>`;
  }

  private async take(): Promise<void> {
    this.taking = true;
    this.error = null;
    try {
      await data(api.POST("/v1/bundles/{bundle}:import", { params: { path: { bundle: SHIPPED } } }));
      await atlas.reload();
    } catch (error) {
      this.error = asError(error);
    }
    this.taking = false;
  }
}
