import { Source } from "../base";

/** The place in the page: `#/tasks/ID?name=value`. The address holds the view, so that it can be sent. */
class Route extends Source {
  path: string[] = [];
  query = new URLSearchParams();

  constructor() {
    super();
    addEventListener("hashchange", () => {
      this.read();
      this.changed();
    });
    this.read();
  }

  get page(): string {
    return this.path[0] ?? "";
  }

  /** Change some of the query and keep the rest; an empty value removes its name. */
  set(values: Record<string, string | null>, push = false): void {
    for (const [name, value] of Object.entries(values))
      if (value) this.query.set(name, value);
      else this.query.delete(name);
    const hash = link(this.path, this.query);
    if (push) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
    this.changed();
  }

  private read(): void {
    const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
    this.path = path.split("/").filter(Boolean).map(decode);
    this.query = new URLSearchParams(query);
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function link(path: string[], query?: URLSearchParams | Record<string, string>): string {
  const asked = new URLSearchParams(query).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${asked ? `?${asked}` : ""}`;
}

export const go = (path: string[], query?: Record<string, string>): void => {
  location.hash = link(path, query);
};

export const route = new Route();
