import { html, nothing, type PropertyValues } from "lit";
import { customElement } from "lit/decorators.js";
import { connection } from "../api/connection";
import { Panel, Watch } from "../base";
import { PAGES } from "../pages";
import { link, route } from "../state/route";
import { theme } from "../state/theme";
import { mark, moon, sun } from "./icons";
import "./key-form";

/** What is around every page: the navigation, the theme, the state of the connection. */
@customElement("atlas-shell")
export class Shell extends Panel {
  private shown = "";

  constructor() {
    super();
    new Watch(this, route, connection, theme);
  }

  private get page() {
    return PAGES.find((each) => each.at === route.page);
  }

  protected override render() {
    const dark = theme.dark;
    return html`
      <a class="skip button" href="#main" @click=${this.skip}>Skip to the content</a>
      <header class="top">
        <a class="brand" href=${link([])}>${mark}task2vec</a>
        <nav aria-label="Pages">
          ${PAGES.filter((each) => each.menu).map(
            (each) => html`<a href=${link(each.at ? [each.at] : [])} aria-current=${each === this.page ? "page" : nothing}>${each.menu}</a>`,
          )}
        </nav>
        <div class="end">
          <a class="reference" href="docs">HTTP reference</a>
          <button class="icon" type="button" aria-label=${dark ? "Light colours" : "Dark colours"} @click=${() => theme.turn()}>
            ${dark ? sun : moon}
          </button>
        </div>
      </header>
      ${connection.lost
        ? html`<p class="strip" role="status">The server does not answer. The page tries again until it does.</p>`
        : nothing}
      <main id="main" tabindex="-1">${connection.locked ? html`<key-form></key-form>` : this.content()}</main>
    `;
  }

  private content() {
    const page = this.page;
    if (page) return page.show(route.path.slice(1));
    return html`<div class="page">
      <h1>There is no such page</h1>
      <p>The address names <code>${route.page}</code>. <a href=${link([])}>Go to the map</a>.</p>
    </div>`;
  }

  private skip(event: Event): void {
    event.preventDefault();
    this.main?.focus();
  }

  private get main(): HTMLElement | null {
    return this.querySelector("main");
  }

  protected override updated(_: PropertyValues): void {
    const now = route.path.join("/");
    if (now === this.shown && this.hasUpdated) return;
    // On a narrow screen the menu is wider than it: the page that is open is in sight.
    this.querySelector('nav [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
    // Another page: it begins at its top, for readers of the screen too.
    const first = this.shown === "" && !document.title.includes("·");
    this.shown = now;
    const subject = route.path.slice(1).join("/");
    document.title = `${subject ? `${subject} · ` : ""}${this.page?.title ?? "No such page"} · task2vec`;
    if (first) return;
    scrollTo(0, 0);
    this.main?.focus({ preventScroll: true });
  }
}
