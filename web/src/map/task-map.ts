// Loaded when the first map is shown: deck.gl is the largest part of the page.
import { Deck, OrthographicView, type OrthographicViewState } from "@deck.gl/core";
import { LineLayer, ScatterplotLayer } from "@deck.gl/layers";
import type { Colour } from "./colours";
import { DotsLayer } from "./dots-layer";

/** A task as it is drawn. */
export interface Dot {
  id: string;
  x: number;
  y: number;
  radius: number;
  colour: Colour;
  selected: boolean;
}

/** The uncertainty of a task's place: a disc, its radius in units of the map. */
export interface Halo {
  x: number;
  y: number;
  radius: number;
  colour: Colour;
  /** Of a task that is selected or pointed at. */
  marked: boolean;
}

/** A line from the selected task to a near one; `open`: the noise leaves its rank open. */
export interface Edge {
  from: [number, number];
  to: [number, number];
  /** From 0, the farthest, to 1, the nearest. */
  nearness: number;
  open: boolean;
}

export interface Scene {
  /** The same list where nothing has changed: it is not sent to the graphics driver again. */
  dots: Dot[];
  halos: Halo[];
  edges: Edge[];
  dark: boolean;
}

export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

export interface Events {
  hover: (id: string | null, at: [number, number]) => void;
  click: (id: string | null, add: boolean) => void;
  /** `byHand`: somebody drags or zooms. */
  move: (camera: Camera, byHand: boolean) => void;
  resize: () => void;
  /** The map cannot be drawn here. */
  fail: (reason: string) => void;
}

const DASHES = 14;
// So many pixels beside a dot still point at it, and so far a click may move.
const REACH = 4;
const MOST_EDGED = 2000;
// Keys move through the table, which shows the same.
const CONTROLLER = { inertia: 250, doubleClickZoom: false, keyboard: false };

/** The map on a canvas; what it shows is told by `show`, what happens on it by `events`. */
export class TaskMap {
  private readonly deck: Deck<OrthographicView>;
  private state: OrthographicViewState;
  private dots: Dot[] = [];
  private hovered = false;

  constructor(
    private readonly parent: HTMLDivElement,
    camera: Camera,
    private readonly events: Events,
  ) {
    this.state = stateOf(camera);
    this.deck = new Deck({
      parent,
      views: this.view(),
      initialViewState: this.state,
      controller: CONTROLLER,
      useDevicePixels: true,
      // Dots have smooth edges of their own. An opaque map need not be put together with
      // the page behind it, which takes as long as ten thousand dots without a graphics card.
      deviceProps: { type: "webgl", debug: false, webgl: { antialias: false, alpha: false } },
      onAfterRender: () => parent.classList.add("drawn"),
      getCursor: ({ isDragging }) =>
        isDragging ? "grabbing" : this.hovered ? "pointer" : "grab",
      onViewStateChange: ({ viewState, interactionState }) => {
        this.state = viewState as OrthographicViewState;
        const { isDragging, isPanning, isZooming } = interactionState;
        events.move(this.camera, Boolean(isDragging || isPanning || isZooming));
        return viewState;
      },
      onResize: () => events.resize(),
      onError: (error) => events.fail(error.message),
      layers: [],
    });
    this.listen();
  }

  /** The view, on the colour of the page. */
  private view(): OrthographicView {
    const ground = getComputedStyle(this.parent).getPropertyValue("--ground").trim();
    const clearColor = [1, 3, 5].map((at) => parseInt(ground.slice(at, at + 2), 16));
    return new OrthographicView({ id: "map", flipY: false, clear: true, clearColor });
  }

  /**
   * Tell of the dot under the pointer. The dots are looked through here: to draw and read back a
   * picture of them, as deck.gl would, takes long without a graphics card, and comes late.
   */
  private listen(): void {
    const { parent, events } = this;
    let down: [number, number] = [0, 0];
    const place = (event: MouseEvent): [number, number] => {
      const box = parent.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const hover = (id: string | null, at: [number, number]) => {
      this.hovered = id !== null;
      events.hover(id, at);
    };
    parent.addEventListener("pointerdown", (event) => (down = place(event)));
    parent.addEventListener("pointermove", (event) => {
      if (event.buttons === 0) hover(this.dotAt(place(event)), place(event));
    });
    parent.addEventListener("pointerleave", (event) => hover(null, place(event)));
    parent.addEventListener("click", (event) => {
      const at = place(event);
      const dragged = Math.hypot(at[0] - down[0], at[1] - down[1]) > REACH;
      if (!dragged) events.click(this.dotAt(at), event.shiftKey || event.ctrlKey || event.metaKey);
    });
  }

  /** The nearest dot that covers a point of the screen, or nearly so. */
  private dotAt(at: [number, number]): string | null {
    let found: string | null = null;
    let least = Infinity;
    const project = this.projection;
    for (const dot of this.dots) {
      const [x, y] = project(dot.x, dot.y);
      const away = Math.hypot(x - at[0], y - at[1]);
      if (away <= dot.radius + REACH && away < least) {
        least = away;
        found = dot.id;
      }
    }
    return found;
  }

  get camera(): Camera {
    const [x = 0, y = 0] = this.state.target as number[];
    return { x, y, zoom: Number(this.state.zoom) };
  }

  move(camera: Camera, smooth = true): void {
    this.state = stateOf(camera);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || !smooth;
    this.deck.setProps({
      initialViewState: { ...this.state, transitionDuration: still ? 0 : 350 } as OrthographicViewState,
    });
  }

  /** Where places of the map are on the screen, as of now: the frame may be drawn later. */
  get projection(): (x: number, y: number) => [number, number] {
    const camera = this.camera;
    const scale = 2 ** camera.zoom;
    const [left, top] = [this.parent.clientWidth / 2, this.parent.clientHeight / 2];
    return (x, y) => [left + scale * (x - camera.x), top - scale * (y - camera.y)];
  }

  show(scene: Scene): void {
    this.dots = scene.dots;
    const ring: [number, number, number, number] = scene.dark ? [240, 243, 250, 255] : [16, 20, 30, 255];
    const edge: [number, number, number, number] = scene.dark ? [200, 208, 224, 140] : [255, 255, 255, 255];
    // Where dots are many, lines around them cover one another and take as long to draw as the dots.
    const edged = scene.dots.length <= MOST_EDGED ? 1 : 0;
    this.deck.setProps({
      views: this.view(),
      layers: [
        new ScatterplotLayer<Halo>({
          id: "halos",
          data: scene.halos,
          getPosition: (each) => [each.x, each.y],
          getRadius: (each) => each.radius,
          getFillColor: (each) => [...each.colour, (scene.dark ? 18 : 14) * (each.marked ? 2.5 : 1)],
          radiusUnits: "common",
          parameters: { depthWriteEnabled: false },
        }),
        new LineLayer<Edge>({
          id: "edges",
          data: scene.edges.flatMap(dashed),
          getSourcePosition: (each) => each.from,
          getTargetPosition: (each) => each.to,
          getWidth: (each) => 1 + 4 * each.nearness,
          getColor: scene.dark ? [200, 208, 224, 170] : [50, 60, 80, 150],
          widthUnits: "pixels",
        }),
        new DotsLayer<Dot>({
          id: "dots",
          data: scene.dots,
          getPosition: (each) => [each.x, each.y],
          getRadius: (each) => each.radius,
          getFillColor: (each) => [...each.colour, 235],
          getLineColor: (each) => (each.selected ? ring : edge),
          getLineWidth: (each) => (each.selected ? 3 : edged),
          updateTriggers: { getLineColor: scene.dark },
        }),
      ],
    });
  }

  /** The tasks inside a line drawn on the screen. */
  inside(line: [number, number][]): string[] {
    const project = this.projection;
    return this.dots
      .filter((each) => within(project(each.x, each.y), line))
      .map((each) => each.id);
  }

  close(): void {
    this.deck.finalize();
  }
}

/** The state of deck.gl that shows this; nothing of an earlier one, whose `zoomX` would go before `zoom`. */
const stateOf = (camera: Camera): OrthographicViewState => ({
  target: [camera.x, camera.y, 0],
  zoom: camera.zoom,
  minZoom: -2,
  maxZoom: 14,
});

function dashed(edge: Edge): Edge[] {
  if (!edge.open) return [edge];
  const at = (share: number): [number, number] => [
    edge.from[0] + share * (edge.to[0] - edge.from[0]),
    edge.from[1] + share * (edge.to[1] - edge.from[1]),
  ];
  return Array.from({ length: DASHES }, (_, i) => ({ ...edge, from: at(i / DASHES), to: at((i + 0.45) / DASHES) }));
}

function within([x, y]: [number, number], line: [number, number][]): boolean {
  let inside = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [ax, ay] = line[i]!;
    const [bx, by] = line[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
