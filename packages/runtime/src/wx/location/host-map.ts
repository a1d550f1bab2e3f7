import { h } from '../../native/dom.ts';
import type { Coordinates } from './contract.ts';

/** Of a degree of latitude. */
const METRES_PER_DEGREE = 111_320;

/** Moves a place by metres to the east and to the north. */
export function moved(from: Coordinates, east: number, north: number): Coordinates {
  const narrowing = Math.max(0.01, Math.cos((from.latitude / 180) * Math.PI));
  return {
    latitude: Math.max(-90, Math.min(90, from.latitude + north / METRES_PER_DEGREE)),
    longitude: Math.max(-180, Math.min(180, from.longitude + east / (METRES_PER_DEGREE * narrowing))),
  };
}

export interface DrawnMap {
  readonly element: HTMLElement;
  /** Where the pin stands. */
  readonly at: Coordinates;
  show(at: Coordinates): void;
}

/**
 * A map of streets that are not there: blocks, a park, a river, and a pin in the middle. A tap brings the place that was
 * tapped under the pin.
 *
 * @param metresPerPixel how much of the world a CSS pixel covers
 */
export function drawMap(start: Coordinates, metresPerPixel: number, onMove?: (at: Coordinates) => void): DrawnMap {
  let at = start;
  const pin = h('div.map-pin');
  const element = h('div.map-drawn', { role: 'img' }, h('div.map-park'), h('div.map-river'), pin);
  const show = (next: Coordinates): void => {
    at = next;
    element.dataset.latitude = at.latitude.toFixed(6);
    element.dataset.longitude = at.longitude.toFixed(6);
    // The streets slide under the pin as the place moves.
    const east = ((at.longitude * METRES_PER_DEGREE) / metresPerPixel) % 240;
    const north = ((at.latitude * METRES_PER_DEGREE) / metresPerPixel) % 240;
    element.style.setProperty('--map-x', `${-east}px`);
    element.style.setProperty('--map-y', `${north}px`);
  };
  if (onMove)
    element.onclick = ({ clientX, clientY }) => {
      const box = element.getBoundingClientRect();
      const east = (clientX - box.left - box.width / 2) * metresPerPixel;
      const north = -(clientY - box.top - box.height / 2) * metresPerPixel;
      show(moved(at, east, north));
      onMove(at);
    };
  show(start);
  return {
    element,
    get at() {
      return at;
    },
    show,
  };
}
