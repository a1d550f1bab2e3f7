/** Web Mercator: places of the earth in CSS pixels of a world whose side at zoom 0 is one tile. */

export interface GeoPoint {
  longitude: number;
  latitude: number;
}
export interface Pixel {
  x: number;
  y: number;
}
export interface Region {
  southwest: GeoPoint;
  northeast: GeoPoint;
}

/** Side of the world at zoom 0, CSS pixels. */
const TILE = 256;
/** Beyond this the projection runs to infinity. Degrees. */
const MAX_LATITUDE = 85.05112878;
/** Metres around the equator. */
const EQUATOR = 40_075_016.686;

const within = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

export function toPixel({ longitude, latitude }: GeoPoint, zoom: number): Pixel {
  const side = TILE * 2 ** zoom;
  const sin = Math.sin(radians(within(latitude, -MAX_LATITUDE, MAX_LATITUDE)));
  return {
    x: ((longitude + 180) / 360) * side,
    y: (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * side,
  };
}

export function toPoint({ x, y }: Pixel, zoom: number): GeoPoint {
  const side = TILE * 2 ** zoom;
  const north = Math.PI * (1 - (2 * y) / side);
  return {
    longitude: (x / side) * 360 - 180,
    latitude: (Math.atan(Math.sinh(north)) * 180) / Math.PI,
  };
}

/** CSS pixels of so many metres at this latitude. */
export const pixelsOf = (metres: number, latitude: number, zoom: number): number =>
  (metres * TILE * 2 ** zoom) / (EQUATOR * Math.cos(radians(within(latitude, -MAX_LATITUDE, MAX_LATITUDE))));

/** The view that holds all points with this padding around them; `room` and `padding` (top, right, bottom, left) in CSS pixels. */
export function viewOf(
  points: readonly GeoPoint[],
  room: { width: number; height: number },
  padding: readonly number[],
  zooms: { min: number; max: number },
): { center: GeoPoint; zoom: number } | undefined {
  if (points.length === 0) return undefined;
  const [top = 0, right = 0, bottom = 0, left = 0] = padding;
  const pixels = points.map((point) => toPixel(point, 0));
  const xs = pixels.map(({ x }) => x);
  const ys = pixels.map(({ y }) => y);
  const [west, east] = [Math.min(...xs), Math.max(...xs)];
  const [north, south] = [Math.min(...ys), Math.max(...ys)];
  const fit = (size: number, way: number): number => (way > 0 ? Math.log2(Math.max(1, size) / way) : zooms.max);
  const zoom = within(
    Math.min(fit(room.width - left - right, east - west), fit(room.height - top - bottom, south - north)),
    zooms.min,
    zooms.max,
  );
  const pixel = 2 ** zoom;
  const middle = {
    x: (west + east) / 2 + (right - left) / 2 / pixel,
    y: (north + south) / 2 + (bottom - top) / 2 / pixel,
  };
  return { center: toPoint(middle, 0), zoom };
}
