import type { GeoPoint, Pixel } from './map-projection.ts';

/** What a program gives for the parts of a map. Source: the map page of the component reference. */
export interface MapLabel {
  content?: string;
  color?: string;
  fontSize?: number;
  anchorX?: number;
  anchorY?: number;
  x?: number;
  y?: number;
  borderWidth?: number;
  borderColor?: string;
  borderRadius?: number;
  bgColor?: string;
  padding?: number;
  textAlign?: string;
  display?: 'BYCLICK' | 'ALWAYS';
}
export interface MapMarker extends GeoPoint {
  id?: number;
  title?: string;
  iconPath?: string;
  width?: number | string;
  height?: number | string;
  rotate?: number;
  alpha?: number;
  anchor?: Partial<Pixel>;
  zIndex?: number;
  ariaLabel?: string;
  label?: MapLabel;
  callout?: MapLabel;
}
export interface MapLine {
  points?: GeoPoint[];
  color?: string;
  width?: number;
  dottedLine?: boolean;
  borderColor?: string;
  borderWidth?: number;
}
export interface MapPolygon {
  points?: GeoPoint[];
  strokeWidth?: number;
  strokeColor?: string;
  fillColor?: string;
  dashArray?: number[];
}
export interface MapCircle extends GeoPoint {
  radius: number;
  color?: string;
  fillColor?: string;
  strokeWidth?: number;
}
export interface MapControl {
  id?: number;
  iconPath?: string;
  position?: { left?: number; top?: number; width?: number; height?: number };
  clickable?: boolean;
}

/** The objects of a list that a program gave, whatever else it holds. */
export const listOf = <T extends object>(value: unknown): T[] =>
  Array.isArray(value) ? value.filter((item): item is T => typeof item === 'object' && item !== null) : [];

export interface ShapeSpace {
  /** Where a place stands in the map, CSS pixels. */
  at(point: GeoPoint): Pixel;
  /** CSS pixels of so many metres there. */
  pixels(metres: number, latitude: number): number;
}

/** Draws circles, polygons and lines into an SVG element, in this order. */
export function drawShapes(
  svg: SVGElement,
  space: ShapeSpace,
  { circles, polygons, lines }: { circles: MapCircle[]; polygons: MapPolygon[]; lines: MapLine[] },
): void {
  const shape = (name: string, attributes: Record<string, string | number | undefined>): SVGElement => {
    const element = svg.ownerDocument.createElementNS('http://www.w3.org/2000/svg', name) as SVGElement;
    for (const [key, value] of Object.entries(attributes))
      if (value !== undefined) element.setAttribute(key, String(value));
    return element;
  };
  const path = (points: GeoPoint[] = []): string =>
    points
      .map((point) => space.at(point))
      .map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`)
      .join(' ');
  const drawn = [
    ...circles.map((circle) => {
      const { x, y } = space.at(circle);
      return shape('circle', {
        cx: x,
        cy: y,
        r: space.pixels(Number(circle.radius) || 0, circle.latitude),
        fill: circle.fillColor ?? 'none',
        stroke: circle.color ?? '#000',
        'stroke-width': circle.strokeWidth ?? 1,
      });
    }),
    ...polygons.map((polygon) =>
      shape('polygon', {
        points: path(polygon.points),
        fill: polygon.fillColor ?? 'none',
        stroke: polygon.strokeColor ?? '#000',
        'stroke-width': polygon.strokeWidth ?? 1,
        'stroke-dasharray': polygon.dashArray?.join(' '),
      }),
    ),
    ...lines.flatMap((line) => {
      const width = line.width ?? 1;
      const common = { points: path(line.points), fill: 'none', 'stroke-linejoin': 'round', 'stroke-linecap': 'round' };
      const border = line.borderWidth
        ? [
            shape('polyline', {
              ...common,
              stroke: line.borderColor ?? '#000',
              'stroke-width': width + 2 * line.borderWidth,
            }),
          ]
        : [];
      const dashes = line.dottedLine ? `${width * 2} ${width * 2}` : undefined;
      const stroke = { stroke: line.color ?? '#000', 'stroke-width': width, 'stroke-dasharray': dashes };
      return [...border, shape('polyline', { ...common, ...stroke })];
    }),
  ];
  svg.replaceChildren(...drawn);
}

/** A bubble or label with the looks that the program chose. */
export function dressLabel(element: HTMLElement, label: MapLabel, background: string): void {
  element.textContent = String(label.content ?? '');
  Object.assign(element.style, {
    color: label.color ?? '#000',
    fontSize: `${label.fontSize ?? 14}px`,
    padding: `${label.padding ?? 0}px`,
    background: label.bgColor ?? background,
    border: `${label.borderWidth ?? 0}px solid ${label.borderColor ?? 'transparent'}`,
    borderRadius: `${label.borderRadius ?? 0}px`,
    textAlign: label.textAlign ?? 'center',
  });
}
