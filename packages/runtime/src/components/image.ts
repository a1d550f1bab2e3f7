import { componentHost, hasBox, WxElement, whenShown } from './wx-element.ts';

/** mode → how the picture lies in its box. Source: the image page of the component reference. */
const FITS: Record<string, { fit: string; position?: string }> = {
  scaleToFill: { fit: 'fill' },
  aspectFit: { fit: 'contain' },
  aspectFill: { fit: 'cover' },
  top: { fit: 'none', position: 'center top' },
  bottom: { fit: 'none', position: 'center bottom' },
  center: { fit: 'none', position: 'center center' },
  left: { fit: 'none', position: 'left center' },
  right: { fit: 'none', position: 'right center' },
  'top left': { fit: 'none', position: 'left top' },
  'top right': { fit: 'none', position: 'right top' },
  'bottom left': { fit: 'none', position: 'left bottom' },
  'bottom right': { fit: 'none', position: 'right bottom' },
  widthFix: { fit: 'fill' },
  heightFix: { fit: 'fill' },
};

/** `image`: all modes, lazy loading (three screens ahead), load and error events. */
export class WxImage extends WxElement {
  readonly #image = document.createElement('img');
  #observer: IntersectionObserver | undefined;
  #near = false;

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent =
      'img { display: block; width: 100%; height: 100%; pointer-events: none; -webkit-user-drag: none } img:not([src]), img.failed { visibility: hidden }';
    shadow.append(style, this.#image);
    this.#image.addEventListener('load', () => {
      this.#image.classList.remove('failed');
      this.#fix();
      this.emit('load', { width: this.#image.naturalWidth, height: this.#image.naturalHeight });
    });
    this.#image.addEventListener('error', () => {
      // The browser's sign for a broken picture is nothing that the original shows.
      this.#image.classList.add('failed');
      if (this.text('src')) this.emit('error', { errMsg: `GET ${this.#image.src} 404 (Not Found)` });
    });
  }

  connectedCallback(): void {
    this.#update();
  }
  disconnectedCallback(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
  }

  override styleReplaced(): void {
    this.#fix();
  }

  protected override attributeGiven(name: string): void {
    if (name === 'mode') {
      const { fit, position } = FITS[this.text('mode', 'scaleToFill')] ?? { fit: 'fill' };
      this.#image.style.objectFit = fit;
      this.#image.style.objectPosition = position ?? '';
      this.#fix();
    }
    if (this.isConnected) this.#update();
  }

  #update(): void {
    if (this.flag('lazy-load') && !this.#near) {
      this.#observer ??= new IntersectionObserver(
        (entries) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          this.#near = true;
          this.#observer?.disconnect();
          this.#load();
        },
        { rootMargin: '300% 0px' },
      );
      this.#observer.observe(this);
      return;
    }
    this.#load();
  }

  #load(): void {
    const src = this.text('src');
    const url = src && (componentHost(this)?.resolveUrl(src) ?? src);
    if (!url) this.#image.removeAttribute('src');
    else if (this.#image.getAttribute('src') !== url) this.#image.src = url;
  }

  /** widthFix and heightFix: one side follows from the other and the picture's own proportions. */
  #fix(): void {
    const { naturalWidth, naturalHeight } = this.#image;
    const mode = this.text('mode');
    if (!naturalWidth || !naturalHeight || (mode !== 'widthFix' && mode !== 'heightFix')) return;
    if (this.isConnected && !hasBox(this)) return whenShown(this, () => this.#fix());
    if (mode === 'widthFix') this.style.height = `${(this.clientWidth * naturalHeight) / naturalWidth}px`;
    if (mode === 'heightFix') this.style.width = `${(this.clientHeight * naturalWidth) / naturalHeight}px`;
  }
}
