/**
 * WGS-84 is what satellites give, GCJ-02 what maps in China show. The shift between the two is the published one: a smooth
 * function of the place, some hundred metres in China, none elsewhere.
 */
import type { Coordinates } from './contract.ts';

/** Of the ellipsoid of Krasovsky, which GCJ-02 counts with. Metres. */
const AXIS = 6_378_245;
const ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943;
const { PI, abs, cos, sin, sqrt } = Math;

const inChina = ({ latitude, longitude }: Coordinates): boolean =>
  longitude > 72.004 && longitude < 137.8347 && latitude > 0.8293 && latitude < 55.8271;

/** Sum of waves, each with its height and its length. */
const waves = (value: number, ...all: [height: number, frequency: number][]): number =>
  all.reduce((sum, [height, frequency]) => sum + height * sin(value * frequency * PI), 0) * (2 / 3);

/** How far GCJ-02 is from WGS-84 at a place given in WGS-84, in degrees. */
function shift(at: Coordinates): Coordinates {
  const x = at.longitude - 105;
  const y = at.latitude - 35;
  const common = waves(x, [20, 6], [20, 2]);
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * sqrt(abs(x)) +
    common +
    waves(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * sqrt(abs(x)) +
    common +
    waves(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
  const radians = (at.latitude / 180) * PI;
  const flat = 1 - ECCENTRICITY_SQUARED * sin(radians) ** 2;
  return {
    latitude: (north * 180 * flat * sqrt(flat)) / (AXIS * (1 - ECCENTRICITY_SQUARED) * PI),
    longitude: (east * 180 * sqrt(flat)) / (AXIS * cos(radians) * PI),
  };
}

export function toGcj02(wgs84: Coordinates): Coordinates {
  if (!inChina(wgs84)) return wgs84;
  const { latitude, longitude } = shift(wgs84);
  return { latitude: wgs84.latitude + latitude, longitude: wgs84.longitude + longitude };
}

/** The other way round: by steps, since the shift is given at the place that is looked for. */
export function toWgs84(gcj02: Coordinates): Coordinates {
  if (!inChina(gcj02)) return gcj02;
  let found = gcj02;
  // Each step makes the rest some thousand times smaller; three are exact to a millimetre.
  for (let step = 0; step < 3; step++) {
    const { latitude, longitude } = shift(found);
    found = { latitude: gcj02.latitude - latitude, longitude: gcj02.longitude - longitude };
  }
  return found;
}
