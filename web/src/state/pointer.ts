import { Source } from "../base";

/** The task that the pointer is on, in the map or in the table. */
class Pointer extends Source {
  id: string | null = null;

  point(id: string | null): void {
    if (id === this.id) return;
    this.id = id;
    this.changed();
  }
}

export const pointer = new Pointer();
