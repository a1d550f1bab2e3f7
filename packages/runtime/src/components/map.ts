import { installDrag } from './drag.ts';
import { controlItem, type ItemSpace, item, markerItems } from './map-items.ts';
import { type GeoPoint, type Pixel, pixelsOf, type Region, toPixel, toPoint, viewOf } from './map-projection.ts';
import { drawShapes, listOf, type MapControl, type MapMarker } from './map-shapes.ts';
import { installPinch } from './pinch.ts';
import { attachParts, componentHost, part, WxElement } from './wx-element.ts';

/** Source: the map page of the component reference. */
const ZOOM = { given: 16, min: 3, max: 20 };
/** Where a map is whose program says nothing: Tian'anmen in Beijing. */
const NOWHERE: GeoPoint = { longitude: 116.397428, latitude: 39.90923 };
/** One press of an arrow key. CSS pixels. */
const KEY_STEP = 60;
/** How far a wheel turns for one step of zoom. */
const WHEEL_STEP = 300;
const KEYS: Record<string, Pixel> = {
  ArrowLeft: { x: -KEY_STEP, y: 0 },
  ArrowRight: { x: KEY_STEP, y: 0 },
  ArrowUp: { x: 0, y: -KEY_STEP },
  ArrowDown: { x: 0, y: KEY_STEP },
};

/** The ground: two grids of streets, drawn by gradients that move with the map. */
const CSS = `:host { display: block; position: relative; width: 300px; height: 150px; overflow: hidden; background-color: #f2efe9;
  background-image: linear-gradient(#fff 6px, transparent 6px), linear-gradient(90deg, #fff 6px, transparent 6px), linear-gradient(#fafafa 2px, transparent 2px), linear-gradient(90deg, #fafafa 2px, transparent 2px);
  touch-action: none; outline-offset: -2px }
  svg, .items { position: absolute; inset: 0; width: 100%; height: 100% } svg { pointer-events: none } .items { overflow: hidden; pointer-events: none }
  .items > * { position: absolute; pointer-events: auto; cursor: pointer; margin: 0; padding: 0; border: 0; background: none; box-sizing: content-box; line-height: 1.3; white-space: pre }
  .items img { display: block; width: 100%; height: 100% }
  .here { width: 14px; height: 14px; margin: -9px 0 0 -9px !important; border: 2px solid #fff !important; border-radius: 50%; background: #2f7cf6 !important; box-shadow: 0 0 0 8px rgba(47, 124, 246, .2) }
  .callout { transform: translate(-50%, -100%); box-shadow: 0 1px 4px rgba(0, 0, 0, .25) }`;
type Cause = 'drag' | 'scale' | 'update';

/** `map`: a map of a drawn ground, with markers, shapes and controls; dragged, zoomed and moved by the program. */
export class WxMap extends WxElement {
  #center: GeoPoint = { ...NOWHERE };
  #zoom = ZOOM.given;
  #from: Pixel = { x: 0, y: 0 };
  #zoomFrom: number | undefined;
  #here: GeoPoint | undefined;
  #scheduled = false;
  #prepared = false;
  #moved = new Map<number, Pick<MapMarker, 'longitude' | 'latitude' | 'rotate'>>();
  #added: MapMarker[] = [];
  readonly #removed = new Set<number>();
  readonly #open = new Set<number>();
  readonly #items: HTMLElement;
  readonly #svg: SVGElement;
  readonly #resized = new ResizeObserver(() => this.#schedule());

  constructor() {
    super();
    const shadow = attachParts(this, CSS, '<svg></svg><div class="items"></div><slot></slot>');
    this.#items = part(shadow, '.items');
    this.#svg = shadow.querySelector('svg') as SVGElement;
  }

  connectedCallback(): void {
    this.#resized.observe(this);
    if (this.#prepared) return;
    this.#prepared = true;
    this.tabIndex = 0;
    this.setAttribute('role', 'application');
    this.setAttribute('aria-label', 'map');
    this.#byHand();
    this.#centre();
    this.#fit(this.attributesGiven.get('include-points'));
    this.#schedule();
    queueMicrotask(() => this.emit('updated', {}));
  }
  disconnectedCallback(): void {
    this.#resized.disconnect();
  }

  protected override attributeGiven(name: string, value: unknown): void {
    if (!this.isConnected) return;
    if (name === 'longitude' || name === 'latitude' || name === 'scale') {
      queueMicrotask(() => this.#change('update', () => this.#centre()));
    } else if (name === 'include-points') this.#change('update', () => this.#fit(value));
    else {
      if (name === 'markers') {
        // What the context did belongs to the markers before.
        this.#moved.clear();
        this.#added = [];
        this.#removed.clear();
      }
      this.#schedule();
    }
  }
  #centre(): void {
    this.#center = {
      longitude: this.number('longitude', this.#center.longitude),
      latitude: this.number('latitude', this.#center.latitude),
    };
    this.#zoom = this.#limit(this.number('scale', this.#zoom));
  }
  #fit(points: unknown, padding: readonly number[] = []): void {
    const view = viewOf(listOf<GeoPoint>(points), this.#room(), padding, this.#zooms());
    if (!view) return;
    this.#center = view.center;
    this.#zoom = view.zoom;
  }

  // ---- by hand

  #byHand(): void {
    installDrag(this, () => ({
      axis: 'both',
      begin: () => {
        this.#from = toPixel(this.#center, this.#zoom);
        return this.flag('enable-scroll', true);
      },
      move: ({ dx, dy }) => {
        if (this.#zoomFrom !== undefined) return;
        this.#begin('drag');
        this.#center = toPoint({ x: this.#from.x - dx, y: this.#from.y - dy }, this.#zoom);
        this.#schedule();
      },
      end: () => this.#end('drag'),
    }));
    installPinch(this, {
      begin: () => {
        if (!this.flag('enable-zoom', true)) return false;
        this.#begin('scale');
        this.#zoomFrom = this.#zoom;
        return true;
      },
      pinch: (ratio) => {
        this.#zoom = this.#limit((this.#zoomFrom ?? this.#zoom) + Math.log2(ratio));
        this.#schedule();
      },
      end: () => {
        this.#zoomFrom = undefined;
        this.#from = toPixel(this.#center, this.#zoom);
        this.#end('scale');
      },
    });
    this.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey || !this.flag('enable-zoom', true)) return;
        event.preventDefault();
        event.stopPropagation();
        this.#zoomAround(this.#local(event), this.#zoom - event.deltaY / WHEEL_STEP);
      },
      { passive: false },
    );
    this.addEventListener('dblclick', (event) => {
      if (this.flag('enable-zoom', true)) this.#zoomAround(this.#local(event), this.#zoom + 1);
    });
    this.addEventListener('keydown', (event) => this.#key(event));
    this.addEventListener('pointerdown', (event) => {
      this.#pressed = this.#local(event);
    });
    this.addEventListener('wxtap', (event) => this.#tapped(event));
  }
  #pressed: Pixel = { x: 0, y: 0 };
  #local(event: { clientX: number; clientY: number }): Pixel {
    const { left, top } = this.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
  #key(event: KeyboardEvent): void {
    const step = KEYS[event.key];
    const zoom = event.key === '+' || event.key === '=' ? 1 : event.key === '-' ? -1 : 0;
    if (event.composedPath()[0] !== this) return;
    if (step && this.flag('enable-scroll', true)) {
      event.preventDefault();
      const { x, y } = toPixel(this.#center, this.#zoom);
      this.#change('drag', () => {
        this.#center = toPoint({ x: x + step.x, y: y + step.y }, this.#zoom);
      });
    } else if (zoom && this.flag('enable-zoom', true))
      this.#change('scale', () => {
        this.#zoom = this.#limit(this.#zoom + zoom);
      });
  }
  /** The place under the pointer stays under it. */
  #zoomAround(pixel: Pixel, wanted: number): void {
    const { width, height } = this.#room();
    const fixed = this.#pointAt(pixel);
    this.#change('scale', () => {
      this.#zoom = this.#limit(wanted);
      const { x, y } = toPixel(fixed, this.#zoom);
      this.#center = toPoint({ x: x + width / 2 - pixel.x, y: y + height / 2 - pixel.y }, this.#zoom);
    });
  }

  /** A tap on a part of the map is told as that; the map's own tap carries the place. */
  #tapped(event: Event): void {
    const found = event
      .composedPath()
      .find((node) => node instanceof HTMLElement && node.parentElement === this.#items);
    const inside = event.composedPath()[0];
    if (!found && inside !== this && inside !== this.#items) return;
    event.preventDefault();
    const { kind, id } = (found as HTMLElement | undefined)?.dataset ?? {};
    if (kind === 'marker') {
      const marker = this.#markers().find((each) => String(each.id) === id);
      if (marker?.callout || marker?.title) {
        // One bubble at a time.
        const open = this.#open.has(Number(id));
        this.#open.clear();
        if (!open) this.#open.add(Number(id));
        this.#schedule();
      }
      this.emit('markertap', { markerId: Number(id) });
    } else if (kind === 'callout') this.emit('callouttap', { markerId: Number(id) });
    else if (kind === 'label') this.emit('labeltap', { markerId: Number(id) });
    else if (kind === 'control') this.emit('controltap', { controlId: Number(id) });
    else if (kind === 'here') this.emit('anchorpointtap', { ...this.#here });
    else this.emit('tap', this.#pointAt(this.#pressed), { bubbles: true, composed: true });
  }

  // ---- the region

  #running: Cause | undefined;
  #begin(cause: Cause): void {
    if (this.#running) return;
    this.#running = cause;
    this.#tell('begin', cause === 'update' ? 'update' : 'gesture');
  }
  #end(cause: Cause): void {
    if (this.#running !== cause) return;
    this.#running = undefined;
    this.#schedule();
    this.#tell('end', cause);
  }
  #change(cause: Cause, change: () => void): void {
    const before = [this.#center.longitude, this.#center.latitude, this.#zoom].join();
    const old = { center: this.#center, zoom: this.#zoom };
    change();
    const next = { center: this.#center, zoom: this.#zoom };
    if ([next.center.longitude, next.center.latitude, next.zoom].join() === before) return;
    [this.#center, this.#zoom] = [old.center, old.zoom];
    this.#begin(cause);
    [this.#center, this.#zoom] = [next.center, next.zoom];
    this.#end(cause);
  }
  #tell(type: 'begin' | 'end', causedBy: string): void {
    const where = { centerLocation: { ...this.#center }, region: this.#region(), scale: this.#zoom };
    this.emit('regionchange', { type, causedBy, rotate: 0, skew: 0, ...where });
  }
  #region(): Region {
    const { width, height } = this.#room();
    return {
      southwest: this.#pointAt({ x: 0, y: height }),
      northeast: this.#pointAt({ x: width, y: 0 }),
    };
  }
  #zooms(): { min: number; max: number } {
    return {
      min: Math.max(ZOOM.min, this.number('min-scale', ZOOM.min)),
      max: Math.min(ZOOM.max, this.number('max-scale', ZOOM.max)),
    };
  }
  #limit(zoom: number): number {
    const { min, max } = this.#zooms();
    return Math.min(max, Math.max(min, zoom));
  }
  #room(): { width: number; height: number } {
    return { width: this.clientWidth, height: this.clientHeight };
  }
  #at(point: GeoPoint): Pixel {
    const { width, height } = this.#room();
    const middle = toPixel(this.#center, this.#zoom);
    const { x, y } = toPixel(point, this.#zoom);
    return { x: x - middle.x + width / 2, y: y - middle.y + height / 2 };
  }
  #pointAt({ x, y }: Pixel): GeoPoint {
    const { width, height } = this.#room();
    const middle = toPixel(this.#center, this.#zoom);
    return toPoint({ x: middle.x + x - width / 2, y: middle.y + y - height / 2 }, this.#zoom);
  }

  // ---- drawing

  /** Once a frame at most, however much changes. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (this.isConnected) this.#draw();
    });
  }
  #draw(): void {
    const { width, height } = this.#room();
    const { x, y } = toPixel(this.#center, this.#zoom);
    // Streets grow with the zoom until the next ones stand between them.
    const step = 160 * 2 ** (this.#zoom - Math.floor(this.#zoom));
    const shift = `${width / 2 - (x % step)}px ${height / 2 - (y % step)}px`;
    this.style.backgroundSize = `${step}px ${step}px, ${step}px ${step}px, ${step / 4}px ${step / 4}px, ${step / 4}px ${step / 4}px`;
    this.style.backgroundPosition = shift;
    drawShapes(
      this.#svg,
      { at: (point) => this.#at(point), pixels: (metres, latitude) => pixelsOf(metres, latitude, this.#zoom) },
      {
        circles: listOf(this.attributesGiven.get('circles')),
        polygons: listOf(this.attributesGiven.get('polygons')),
        lines: listOf(this.attributesGiven.get('polyline')),
      },
    );
    const space: ItemSpace = {
      at: (point) => this.#at(point),
      picture: (path) => componentHost(this)?.resolveUrl(path) ?? '',
      isOpen: (id) => this.#open.has(id),
    };
    this.#items.replaceChildren(
      ...this.#markers().flatMap((marker) => markerItems(marker, space)),
      ...listOf<MapControl>(this.attributesGiven.get('controls')).map((control) => controlItem(control, space)),
      ...this.#drawHere(),
    );
  }

  #markers(): MapMarker[] {
    return [...listOf<MapMarker>(this.attributesGiven.get('markers')), ...this.#added]
      .filter(({ id }) => id === undefined || !this.#removed.has(id))
      .map((marker) => ({ ...marker, ...(marker.id !== undefined && this.#moved.get(marker.id)) }));
  }
  #drawHere(): HTMLElement[] {
    if (!this.flag('show-location')) return [];
    // Until the program moves it, the phone is where the map began.
    this.#here ??= { ...this.#center };
    const here = item('here', undefined, 'button');
    const { x, y } = this.#at(this.#here);
    Object.assign(here.style, { left: `${x}px`, top: `${y}px` });
    return [here];
  }

  // ---- for the context

  override callMethod(method: string, args: unknown[]): unknown {
    const options = (args[0] ?? {}) as Record<string, unknown>;
    switch (method) {
      case 'getCenterLocation':
        return { ...this.#center };
      case 'getRegion':
        return this.#region();
      case 'getScale':
        return { scale: this.#zoom };
      case 'getRotate':
        return { rotate: 0 };
      case 'getSkew':
        return { skew: 0 };
      case 'toScreenLocation':
        return this.#at(options as unknown as GeoPoint);
      case 'fromScreenLocation':
        return this.#pointAt(options as unknown as Pixel);
      case 'moveToLocation': {
        const { longitude, latitude } = options as Partial<GeoPoint>;
        const target = longitude === undefined || latitude === undefined ? this.#here : { longitude, latitude };
        if (!target) return { error: 'show-location is not set' };
        this.#change('update', () => {
          this.#center = { ...target };
        });
        return {};
      }
      case 'includePoints': {
        const padding = Array.isArray(options.padding) ? options.padding.map(Number) : [];
        const [top = 0, right = top, bottom = top, left = right] = padding;
        this.#change('update', () => this.#fit(options.points, [top, right, bottom, left]));
        return {};
      }
      case 'addMarkers': {
        const fresh = listOf<MapMarker>(options.markers);
        const ids = new Set(fresh.map(({ id }) => id));
        if (options.clear) for (const { id } of this.#markers()) this.#removed.add(id ?? Number.NaN);
        this.#added = [...(options.clear ? [] : this.#added.filter(({ id }) => !ids.has(id))), ...fresh];
        if (options.clear) this.attributesGiven.delete('markers');
        for (const id of ids) this.#removed.delete(id ?? Number.NaN);
        this.#schedule();
        return {};
      }
      case 'removeMarkers':
        for (const id of Array.isArray(options.markerIds) ? options.markerIds : []) this.#removed.add(Number(id));
        this.#schedule();
        return {};
      case 'translateMarker':
        return this.#translate(options);
      default:
        return super.callMethod(method, args);
    }
  }

  /** Moves a marker; gives how long that takes, in milliseconds. */
  #translate(options: Record<string, unknown>): { error: string } | { duration: number } {
    const id = Number(options.markerId);
    const marker = this.#markers().find((each) => each.id === id);
    const target = options.destination as GeoPoint | undefined;
    if (!marker) return { error: 'the marker is not found' };
    if (typeof target?.longitude !== 'number' || typeof target.latitude !== 'number')
      return { error: 'the destination is not valid' };
    const duration = Math.max(0, Number(options.duration ?? 1000) || 0);
    const turn = Number(options.rotate) || 0;
    const start = performance.now();
    const step = (now: number): void => {
      const share = duration > 0 ? Math.min(1, Math.max(0, now - start) / duration) : 1;
      this.#moved.set(id, {
        longitude: marker.longitude + (target.longitude - marker.longitude) * share,
        latitude: marker.latitude + (target.latitude - marker.latitude) * share,
        rotate: (marker.rotate ?? 0) + turn * share,
      });
      this.#schedule();
      if (share < 1 && this.isConnected) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    return { duration };
  }
}
