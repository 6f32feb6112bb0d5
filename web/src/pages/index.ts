import { backtestPage } from "./backtest-page";
import { dropPage } from "./drop-page";
import { jobsPage } from "./jobs-page";
import { mapPage } from "./map-page";
import { modelsPage } from "./models-page";
import { outcomesPage } from "./outcomes-page";
import type { Page } from "./page";
import { recommendationPage } from "./recommendation-page";
import { taskPage } from "./task-page";

/** All pages, as they stand in the navigation. */
export const PAGES: Page[] = [
  mapPage,
  taskPage,
  dropPage,
  recommendationPage,
  modelsPage,
  outcomesPage,
  backtestPage,
  jobsPage,
];
