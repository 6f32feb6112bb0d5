import { api, data } from "../api/client";
import { connection } from "../api/connection";
import { Source } from "../base";

type Scope = "read" | "write" | "work" | "admin";

/** What the key of the tab opens, so that nothing is offered that would be refused. */
class Access extends Source {
  private scopes: readonly Scope[] = [];
  private asked: string | null = null;

  constructor() {
    super();
    connection.addEventListener("change", () => void this.read());
    void this.read();
  }

  get mayWrite(): boolean {
    return this.scopes.includes("write");
  }

  get mayAdmin(): boolean {
    return this.scopes.includes("admin");
  }

  private async read(): Promise<void> {
    if (this.asked === connection.key || connection.locked || connection.lost) return;
    const asked = (this.asked = connection.key);
    try {
      const found = await data(api.GET("/v1/key", {}));
      if (asked === this.asked) this.scopes = found.scopes;
    } catch {
      // Without a key that opens something nothing is offered; the page asks for one anyway.
      this.asked = null;
      this.scopes = [];
    }
    this.changed();
  }
}

export const access = new Access();
