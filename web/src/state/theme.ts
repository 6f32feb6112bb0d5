import { Source } from "../base";

const KEPT = "task2vec-theme";

/** Light or dark: as the system has it, until somebody chooses. */
class Theme extends Source {
  private readonly system = matchMedia("(prefers-color-scheme: dark)");
  private chosen = localStorage.getItem(KEPT);

  constructor() {
    super();
    this.system.addEventListener("change", () => this.apply());
    this.apply();
  }

  get dark(): boolean {
    return this.chosen ? this.chosen === "dark" : this.system.matches;
  }

  turn(): void {
    this.chosen = this.dark ? "light" : "dark";
    localStorage.setItem(KEPT, this.chosen);
    this.apply();
  }

  private apply(): void {
    document.documentElement.dataset["theme"] = this.dark ? "dark" : "light";
    this.changed();
  }
}

export const theme = new Theme();
