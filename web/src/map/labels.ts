/** A label that may be drawn: where its point is on the screen, and how much it matters. */
export interface Wish {
  id: string;
  name: string;
  x: number;
  y: number;
  radius: number;
  weight: number;
  /** Whether it is set in bold: of a selected task; or faintly: of one that is not near it. */
  chosen: boolean;
  faint: boolean;
}

export interface Label extends Wish {
  left: number;
  top: number;
  width: number;
}

type Box = [left: number, top: number, right: number, bottom: number];

const HEIGHT = 18;
const LETTER = 6.9;
const WIDEST = 150;
const GAP = 4;

/** Choose labels that overlap neither one another nor points, from the first wish to the last. */
export function placeLabels(wishes: readonly Wish[], size: { width: number; height: number }, most = 60): Label[] {
  const taken: Box[] = [];
  const points = wishes.map((each): Box => {
    const reach = each.radius * 0.8;
    return [each.x - reach, each.y - reach, each.x + reach, each.y + reach];
  });
  const placed: Label[] = [];
  for (const wish of wishes) {
    if (placed.length >= most) break;
    const width = Math.min(WIDEST, wish.name.length * LETTER + 6);
    const right = wish.x + wish.radius + GAP;
    const left = wish.x - wish.radius - GAP - width;
    const middle = wish.y - HEIGHT / 2;
    const places: [number, number][] = [
      [right, middle],
      [left, middle],
      [wish.x - width / 2, wish.y + wish.radius + GAP],
      [wish.x - width / 2, wish.y - wish.radius - GAP - HEIGHT],
    ];
    for (const [x, y] of places) {
      const box: Box = [x, y, x + width, y + HEIGHT];
      const inside = x >= 0 && y >= 0 && box[2] <= size.width && box[3] <= size.height;
      const covers = (other: Box) => overlap(box, other);
      if (!inside || taken.some(covers) || (!wish.chosen && points.some(covers))) continue;
      taken.push(box);
      placed.push({ ...wish, left: x, top: y, width });
      break;
    }
  }
  return placed;
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
