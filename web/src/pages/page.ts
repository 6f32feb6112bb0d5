import type { TemplateResult } from "lit";

/** A page of the atlas, shown where the address begins with `#/AT`. */
export interface Page {
  at: string;
  title: string;
  /** Its name in the navigation; without one it is reached from other pages. */
  menu?: string;
  /** What is shown; `rest` are the parts of the address behind `at`. */
  show: (rest: string[]) => TemplateResult;
}
