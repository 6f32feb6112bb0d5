import { LitElement, type ReactiveController } from "lit";

/** A component without a shadow root: one style sheet, and labels that reach across components. */
export class Panel extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}

/** Something that tells its listeners when it has changed. */
export class Source extends EventTarget {
  changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

/** Renders its host anew whenever one of the sources changes. */
export class Watch implements ReactiveController {
  private readonly update = () => this.host.requestUpdate();
  private readonly sources: Source[];

  constructor(
    private readonly host: Panel,
    ...sources: Source[]
  ) {
    this.sources = sources;
    host.addController(this);
  }

  hostConnected(): void {
    for (const each of this.sources) each.addEventListener("change", this.update);
  }

  hostDisconnected(): void {
    for (const each of this.sources) each.removeEventListener("change", this.update);
  }
}
