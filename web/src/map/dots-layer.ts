import { type Accessor, color, Layer, type LayerProps, project32, type UpdateParameters } from "@deck.gl/core";
import { Model } from "@luma.gl/engine";

interface DotsProps<T> extends LayerProps {
  data: T[];
  getPosition: Accessor<T, [number, number]>;
  getFillColor: Accessor<T, [number, number, number, number]>;
  getLineColor: Accessor<T, [number, number, number, number]>;
  /** In pixels, as the width of the line around a dot. */
  getRadius: Accessor<T, number>;
  getLineWidth: Accessor<T, number>;
}

const VERTEX = `#version 300 es
in vec3 positions;
in vec4 fillColors;
in vec4 lineColors;
in float radii;
in float lineWidths;
out vec4 fill;
out vec4 line;
out float radius;
out float width;
void main(void) {
  gl_Position = project_position_to_clipspace(positions, vec3(0.), vec3(0.));
  radius = (radii + 0.5 * lineWidths) * project.devicePixelRatio;
  width = lineWidths * project.devicePixelRatio;
  gl_PointSize = 2. * radius + 1.;
  fill = fillColors;
  line = lineColors;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 fill;
in vec4 line;
in float radius;
in float width;
out vec4 fragColor;
void main(void) {
  float away = length(gl_PointCoord - 0.5) * (2. * radius + 1.);
  float inside = clamp(radius + 0.5 - away, 0., 1.);
  if (inside <= 0.) discard;
  float border = width > 0. ? clamp(away - radius + width + 0.5, 0., 1.) : 0.;
  fragColor = mix(fill, line, border);
  fragColor.a *= inside;
}`;

/**
 * Dots with a line around, all by one call of the graphics driver. deck.gl's own layer makes an
 * instance of each, one after the other where there is no graphics card: 65 µs each.
 */
export class DotsLayer<T> extends Layer<DotsProps<T>> {
  static override layerName = "DotsLayer";
  static override defaultProps = {
    getPosition: { type: "accessor", value: [0, 0] },
    getFillColor: { type: "accessor", value: [0, 0, 0, 255] },
    getLineColor: { type: "accessor", value: [255, 255, 255, 255] },
    getRadius: { type: "accessor", value: 5 },
    getLineWidth: { type: "accessor", value: 1 },
  };

  override initializeState(): void {
    this.getAttributeManager()!.add({
      positions: { size: 3, type: "float32", accessor: "getPosition" },
      fillColors: { size: 4, type: "unorm8", accessor: "getFillColor" },
      lineColors: { size: 4, type: "unorm8", accessor: "getLineColor" },
      radii: { size: 1, type: "float32", accessor: "getRadius" },
      lineWidths: { size: 1, type: "float32", accessor: "getLineWidth" },
    });
    this.setState({
      model: new Model(this.context.device, {
        ...super.getShaders({ vs: VERTEX, fs: FRAGMENT, modules: [project32, color] }),
        id: this.props.id,
        bufferLayout: this.getAttributeManager()!.getBufferLayouts(),
        topology: "point-list",
        isInstanced: false,
        vertexCount: 0,
      }),
    });
  }

  override updateState(parameters: UpdateParameters<this>): void {
    super.updateState(parameters);
    this.model.setVertexCount(this.props.data.length);
  }

  override draw(): void {
    this.model.draw(this.context.renderPass);
  }

  private get model(): Model {
    return (this.state as { model: Model }).model;
  }
}
