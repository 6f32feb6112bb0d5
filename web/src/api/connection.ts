import { Source } from "../base";

const KEY = "task2vec-key";
const RETRY_MS = 1500;

/** The key of this tab, and whether the server answers. "back": what failed may be asked again. */
class Connection extends Source {
  /** Whether the server has asked for a key, or refused the one that was sent. */
  locked = false;
  refused = false;
  lost = false;
  private checking = false;

  get key(): string {
    return sessionStorage.getItem(KEY) ?? "";
  }

  open(key: string): void {
    sessionStorage.setItem(KEY, key);
    this.locked = false;
    this.refused = false;
    this.changed();
    this.dispatchEvent(new Event("back"));
  }

  /** Forget the key. `refused`: the server no longer takes it. */
  lock(refused = false): void {
    sessionStorage.removeItem(KEY);
    this.locked = true;
    this.refused = refused;
    this.changed();
  }

  /** Ask again and again, until the server answers. */
  lose(): void {
    if (!this.lost) {
      this.lost = true;
      this.changed();
    }
    if (!this.checking) void this.wait();
  }

  found(): void {
    if (!this.lost) return;
    this.lost = false;
    this.changed();
    this.dispatchEvent(new Event("back"));
  }

  private async wait(): Promise<void> {
    this.checking = true;
    while (this.lost) {
      await new Promise((done) => setTimeout(done, RETRY_MS));
      try {
        if ((await fetch("livez", { cache: "no-store" })).ok) this.found();
      } catch {
        // Not yet.
      }
    }
    this.checking = false;
  }
}

export const connection = new Connection();
