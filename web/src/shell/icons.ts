import { svg } from "lit";

const icon = (lines: unknown) => svg`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${lines}</svg>`;

export const mark = svg`<svg viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="8" fill="#0b2a4a" />
  <g stroke="#7cb8ff" stroke-width="1.6"><path d="M9 22 15 10M15 10l9 5M15 10l5 13" fill="none" /></g>
  <circle cx="9" cy="22" r="3.4" fill="#e69f00" /><circle cx="15" cy="10" r="4.2" fill="#ffffff" />
  <circle cx="24" cy="15" r="2.8" fill="#56b4e9" /><circle cx="20" cy="23" r="2.4" fill="#2fc39a" />
</svg>`;
export const sun = icon(svg`<circle cx="12" cy="12" r="4" /><path d="M12 2v2m0 16v2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4M2 12h2m16 0h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4" />`);
export const moon = icon(svg`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z" />`);
export const plus = icon(svg`<path d="M12 5v14M5 12h14" />`);
export const minus = icon(svg`<path d="M5 12h14" />`);
export const lasso = icon(svg`<path d="M7 15.5C4.6 14.4 3 12.6 3 10.5 3 7 7 4 12 4s9 3 9 6.5-4 6.5-9 6.5c-1 0-2-.1-2.9-.3" /><circle cx="7" cy="17" r="2" /><path d="M7 19c0 1.5-1 2.5-2.5 3" />`);
export const fit = icon(svg`<path d="M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5" />`);
