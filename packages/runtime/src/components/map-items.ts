import type { GeoPoint, Pixel } from './map-projection.ts';
import { dressLabel, type MapControl, type MapMarker } from './map-shapes.ts';

/** What the items of a map stand in. */
export interface ItemSpace {
  /** Where a place stands in the map, CSS pixels. */
  at(point: GeoPoint): Pixel;
  /** Address of a picture that the program names. */
  picture(path: string): string;
  /** The bubble of the marker with this id is open. */
  isOpen(id: number): boolean;
}

/** The sign of a marker without a picture of its own. */
const PIN = `<svg viewBox="0 0 24 34" style="position:static;width:100%;height:100%"><path d="M12 0a12 12 0 0 1 12 12c0 9-12 22-12 22S0 21 0 12A12 12 0 0 1 12 0z" fill="#fa5151"/><circle cx="12" cy="12" r="5" fill="#fff"/></svg>`;
const PIN_SIZE = { width: 24, height: 34 };

/** A part of the map that can be tapped; `kind` and `id` tell which one it is. */
export function item(kind: string, id: number | undefined, tag: 'button' | 'div'): HTMLElement {
  const made = document.createElement(tag);
  made.className = kind;
  made.dataset.kind = kind;
  made.dataset.id = String(id ?? 0);
  return made;
}

function picture(address: string): HTMLImageElement {
  const image = new Image();
  image.alt = '';
  image.draggable = false;
  image.src = address;
  return image;
}

/** The sign of a marker, with its label and its bubble. */
export function markerItems(marker: MapMarker, space: ItemSpace): HTMLElement[] {
  const { x, y } = space.at(marker);
  const sign = item('marker', marker.id, 'button');
  const width = css(marker.width, marker.iconPath ? undefined : PIN_SIZE.width);
  const height = css(marker.height, marker.iconPath ? undefined : PIN_SIZE.height);
  const [ax, ay] = [marker.anchor?.x ?? 0.5, marker.anchor?.y ?? 1];
  if (marker.iconPath) sign.append(picture(space.picture(marker.iconPath)));
  else sign.innerHTML = PIN;
  sign.setAttribute('aria-label', marker.ariaLabel ?? marker.title ?? 'marker');
  Object.assign(sign.style, {
    ...{ left: `${x}px`, top: `${y}px`, width, height, opacity: String(marker.alpha ?? 1) },
    zIndex: String(marker.zIndex ?? 0),
    transform: `translate(${-ax * 100}%, ${-ay * 100}%) rotate(${marker.rotate ?? 0}deg)`,
  });
  const items = [sign];
  if (marker.label?.content) {
    const label = item('label', marker.id, 'div');
    dressLabel(label, marker.label, 'transparent');
    label.style.left = `${x + (marker.label.anchorX ?? marker.label.x ?? 0)}px`;
    label.style.top = `${y + (marker.label.anchorY ?? marker.label.y ?? 0)}px`;
    items.push(label);
  }
  const bubble = marker.callout ?? (marker.title ? { content: marker.title, padding: 6, borderRadius: 4 } : undefined);
  const shown = bubble?.content && (bubble.display === 'ALWAYS' || space.isOpen(marker.id ?? Number.NaN));
  if (bubble && shown) {
    const callout = item('callout', marker.id, 'button');
    dressLabel(callout, bubble, '#fff');
    const tall = Number.parseFloat(height) || PIN_SIZE.height;
    callout.style.left = `${x + (bubble.anchorX ?? 0)}px`;
    callout.style.top = `${y - tall * ay - 4 + (bubble.anchorY ?? 0)}px`;
    callout.style.zIndex = String((marker.zIndex ?? 0) + 1);
    items.push(callout);
  }
  return items;
}

/** A picture that stays where it is when the map moves. */
export function controlItem({ id, iconPath, position, clickable }: MapControl, space: ItemSpace): HTMLElement {
  const control = item('control', id, 'button');
  if (iconPath) control.append(picture(space.picture(iconPath)));
  if (!clickable) control.style.pointerEvents = 'none';
  const { left = 0, top = 0, width, height } = position ?? {};
  Object.assign(control.style, { left: `${left}px`, top: `${top}px`, width: css(width), height: css(height) });
  return control;
}

/** A length that a program gave: a number is CSS pixels, a text may be in rpx. */
function css(value: number | string | undefined, fallback?: number): string {
  const given = value ?? fallback;
  if (given === undefined) return '';
  const rpx = typeof given === 'string' ? /^\s*([\d.]+)\s*rpx\s*$/.exec(given) : null;
  return rpx ? `calc(var(--rpx) * ${rpx[1]})` : `${Number.parseFloat(String(given)) || 0}px`;
}
