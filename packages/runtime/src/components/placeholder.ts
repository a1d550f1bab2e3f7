import { attachParts, componentHost, part, WxElement } from './wx-element.ts';

interface Kind {
  /** The event by which the original tells that it cannot, with what it gives. */
  event?: string;
  detail?: object;
  /** It lies in the page like a picture; others take the width of the page. */
  inline?: boolean;
  /** It holds content of the program, which is shown. */
  content?: boolean;
}

const NO_DEVICE = { errMsg: 'not supported in this simulator', errCode: -1 };
/** By name. Events and codes are those of each component's page in the reference. */
const KINDS: Record<string, Kind> = {
  ad: { event: 'error', detail: { errMsg: 'no ad', errCode: 1004 } },
  'ad-custom': { event: 'error', detail: { errMsg: 'no ad', errCode: 1004 } },
  'official-account': { event: 'error', detail: { status: 3, errMsg: 'the official account is not available' } },
  'official-account-publish': { event: 'error', detail: NO_DEVICE },
  'functional-page-navigator': {
    event: 'fail',
    detail: { errMsg: 'functional pages are not available' },
    content: true,
  },
  'live-player': { event: 'statechange', detail: { code: -2301, message: 'no connection' }, inline: true },
  'live-pusher': { event: 'statechange', detail: { code: -1307, message: 'no connection' }, inline: true },
  'voip-room': { event: 'error', detail: NO_DEVICE, inline: true },
  'channel-live': { event: 'error', detail: NO_DEVICE, inline: true },
  'channel-video': { event: 'error', detail: NO_DEVICE, inline: true },
  'store-home': { event: 'error', detail: NO_DEVICE },
  'store-product': { event: 'error', detail: NO_DEVICE },
  'store-gift': { event: 'error', detail: NO_DEVICE },
  'store-coupon': { event: 'error', detail: NO_DEVICE },
};

/** Elements of these names are placeholders. */
export const PLACEHOLDERS: readonly string[] = Object.keys(KINDS);

const CSS = `:host { display: block; min-height: 60px }
  :host([data-inline]) { display: inline-block; width: 300px; height: 225px }
  :host([data-content]) { min-height: 0 }
  .box { display: flex; align-items: center; justify-content: center; box-sizing: border-box; width: 100%; height: 100%; min-height: inherit;
    border-radius: 4px; background: #f0f0f0; color: #9b9b9b; font: 12px/1.4 sans-serif; text-align: center }
  slot { display: contents }`;

/**
 * A component that needs what only WeChat has: a calm box with its name takes its place, and the program gets the event
 * by which the original says that there is nothing to show. It stands in the log once for every page.
 */
export class WxPlaceholder extends WxElement {
  #told = false;
  constructor() {
    super();
    const shadow = attachParts(this, CSS, '<div class="box" role="img"></div><slot></slot>');
    const name = this.localName.slice(3);
    const box = part(shadow, '.box');
    box.textContent = name;
    box.setAttribute('aria-label', name);
    if (KINDS[name]?.content) box.remove();
  }
  connectedCallback(): void {
    const name = this.localName.slice(3);
    const { event, detail, inline, content } = KINDS[name] ?? {};
    this.toggleAttribute('data-inline', inline === true);
    this.toggleAttribute('data-content', content === true);
    if (this.#told) return;
    this.#told = true;
    componentHost(this)?.tell(this, '@placeholder', name);
    if (event && !content) queueMicrotask(() => this.emit(event, detail));
    if (event && content) this.addEventListener('wxtap', () => this.emit(event, detail));
  }
}

/** A class of its own for each name: an element may be defined once. */
export const placeholderClass = (): (new () => WxPlaceholder) => class extends WxPlaceholder {};
