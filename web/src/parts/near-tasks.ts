import { html, nothing, svg, type TemplateResult } from "lit";
import type { Neighbour } from "../api/types";
import type { Asked } from "../state/answers";
import { isTied, type NearTasks } from "../state/near";
import { problemNote } from "./problem-note";
import { busy, number, percent, taskLink, warnings } from "./words";

const WIDE = 200;

/** The near tasks of one, with their distances, 95 % intervals and ties, and which share images unless that stands elsewhere. */
export function nearTasks(asked: Asked<NearTasks>, caption: string, tellsShared = true): TemplateResult {
  if (asked.error) return html`${problemNote(asked.error)}`;
  const found = asked.value;
  if (found === null) return busy("Looking for near tasks");
  if (found.neighbours.length === 0) return html`<p class="quiet">No other task can be compared with it.</p>`;
  const all = found.neighbours;
  const ends = all.flatMap((each) => [each.distance, ...each.interval]).filter((each): each is number => each !== null);
  const [low, high] = [Math.min(0, ...ends), Math.max(...ends)];
  const at = (value: number) => (WIDE * (value - low)) / Math.max(1e-9, high - low);
  const tied = all.some((each) => isTied(each, all));
  const sharing = tellsShared ? all.filter((each) => each.shares_images) : [];
  return html`
    ${warnings(found.warnings)}
    <table class="forest">
      <caption class="unseen">${caption}</caption>
      <thead>
        <tr><th scope="col">Rank</th><th scope="col">Task</th><th scope="col" class="number">Distance</th><th scope="col">95 % interval</th></tr>
      </thead>
      <tbody>
        ${all.map(
          (each) => html`<tr>
            <td>${each.rank}${isTied(each, all) ? html`<span class="quiet" title="as near as others, for all that is known"> =</span>` : nothing}</td>
            <th scope="row">${taskLink(each.id, each.name)}</th>
            <td class="number">${number(each.distance)}</td>
            <td>${reach(each, at)}<span class="unseen">${number(each.interval[0])} to ${number(each.interval[1])}</span></td>
          </tr>`,
        )}
      </tbody>
    </table>
    ${tied ? html`<p class="note">= The noise leaves open which of these is nearer: they share a rank.</p>` : nothing}
    ${sharing.map((each) => html`<p class="note">It shares ${each.shared_share ? percent(each.shared_share, 0) : "some"} of its images with <bdi>${each.name}</bdi>: they are near for that reason, too.</p>`)}
  `;
}

function reach(one: Neighbour, at: (value: number) => number): TemplateResult {
  const [low, high] = one.interval;
  return html`<svg viewBox="0 0 ${WIDE} 16" preserveAspectRatio="none" aria-hidden="true">
    ${low !== null && high !== null ? svg`<line class="reach" x1=${at(low)} x2=${at(high)} y1="8" y2="8" />` : nothing}
    ${one.distance === null ? nothing : svg`<rect class="point" x=${at(one.distance) - 2} y="3" width="4" height="10" rx="1" />`}
  </svg>`;
}
