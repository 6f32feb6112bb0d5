import { connection } from "../api/connection";
import { type ApiError, asError } from "../api/problem";
import { Source } from "../base";

/** An answer that was asked for: `value` and `error` are null until it has come. */
export interface Asked<T> {
  value: T | null;
  error: ApiError | null;
}

/** Answers by a key, each asked for once; listeners are told when one has come. */
export class Answers<T> extends Source {
  private readonly kept = new Map<string, Asked<T>>();

  constructor(private readonly ask: (key: string) => Promise<T>) {
    super();
    connection.addEventListener("back", () => this.forgetErrors());
  }

  of(key: string): Asked<T> {
    const known = this.kept.get(key);
    if (known) return known;
    const asked: Asked<T> = { value: null, error: null };
    this.kept.set(key, asked);
    this.ask(key).then(
      (value) => {
        asked.value = value;
        this.changed();
      },
      (error: unknown) => {
        asked.error = asError(error);
        this.changed();
      },
    );
    return asked;
  }

  private forgetErrors(): void {
    for (const [key, asked] of this.kept) if (asked.error) this.kept.delete(key);
    this.changed();
  }

  /** Ask anew from now on: for one key, or for all. */
  forget(key?: string): void {
    if (key === undefined) this.kept.clear();
    else this.kept.delete(key);
    this.changed();
  }
}
