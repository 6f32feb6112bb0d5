import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Panel } from "../base";

const SHOWN_MS = 2000;

/** Lines of code or a command, with a button that copies them. */
@customElement("copy-code")
export class CopyCode extends Panel {
  @property() code = "";
  @property() what = "code";
  @state() private copied = false;

  protected override render() {
    return html`<div class="copy">
      <pre tabindex="0" aria-label=${`The ${this.what}`}><code>${this.code}</code></pre>
      <button type="button" @click=${this.copy}>${this.copied ? "Copied" : `Copy the ${this.what}`}</button>
      <span class="unseen" role="status">${this.copied ? `The ${this.what} is copied.` : ""}</span>
    </div>`;
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.code);
    } catch {
      // Without https a browser offers no clipboard: the text is selected, to be copied by hand.
      getSelection()?.selectAllChildren(this.querySelector("code")!);
      return;
    }
    this.copied = true;
    setTimeout(() => (this.copied = false), SHOWN_MS);
  }
}
