import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { connection } from "../api/connection";
import { Panel } from "../base";

/** Asks for the key of a server that wants one; it is kept for this tab only. */
@customElement("key-form")
export class KeyForm extends Panel {
  protected override render() {
    return html`<form class="card key-form" @submit=${this.open}>
      <h1>This server asks for a key</h1>
      ${connection.refused ? html`<p class="problem" role="alert">The server did not take that key, or no longer takes it.</p>` : nothing}
      <p>Its operator makes one with <code>task2vec keys create NAME --scope read</code>. It stays in this tab and is gone with it.</p>
      <label for="key">Key</label>
      <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required />
      <button class="first" type="submit">Open</button>
    </form>`;
  }

  private open(event: SubmitEvent): void {
    event.preventDefault();
    const key = new FormData(event.target as HTMLFormElement).get("key");
    connection.open(String(key).trim());
  }
}
