import { installDrag } from './drag.ts';
import { componentHost, hasBox, WxElement, whenShown } from './wx-element.ts';

/** `cover-image`: a picture over native components; here an ordinary one. */
export class WxCoverImage extends WxElement {
  #image: HTMLImageElement | undefined;
  connectedCallback(): void {
    if (!this.#image) {
      this.#image = this.ownerDocument.createElement('img');
      this.#image.style.cssText = 'display:block;width:100%;height:100%;pointer-events:none';
      const image = this.#image;
      image.onload = () => {
        image.style.visibility = '';
        this.emit('load', {});
      };
      image.onerror = () => {
        image.style.visibility = 'hidden';
        if (this.text('src')) this.emit('error', { errMsg: 'the image cannot be loaded' });
      };
      this.attachShadow({ mode: 'open' }).append(this.#image);
    }
    this.attributeGiven();
  }
  protected override attributeGiven(): void {
    const src = this.text('src');
    const url = src && (componentHost(this)?.resolveUrl(src) ?? src);
    if (this.#image && url && this.#image.getAttribute('src') !== url) this.#image.src = url;
  }
}

/** `movable-area`: room for movable views. */
export class WxMovableArea extends WxElement {}

/** `movable-view`: dragged inside its area; `change` with the place and what moved it. */
export class WxMovableView extends WxElement {
  #x = 0;
  #y = 0;
  #from = { x: 0, y: 0 };
  #prepared = false;

  connectedCallback(): void {
    if (!this.#prepared) {
      this.#prepared = true;
      installDrag(this, () => ({
        axis: this.text('direction') === 'horizontal' ? 'x' : this.text('direction') === 'vertical' ? 'y' : 'both',
        begin: () => {
          this.#from = { x: this.#x, y: this.#y };
          return !this.flag('disabled') && this.text('direction', 'none') !== 'none';
        },
        move: ({ dx, dy }) => {
          const direction = this.text('direction');
          this.#to(
            direction === 'vertical' ? this.#x : this.#from.x + dx,
            direction === 'horizontal' ? this.#y : this.#from.y + dy,
            'touch',
          );
        },
        end: () => {},
      }));
    }
    queueMicrotask(() => this.#given());
  }
  override styleReplaced(): void {
    this.#draw();
  }
  protected override attributeGiven(name: string): void {
    if (this.isConnected && ['x', 'y', 'scale-value'].includes(name)) queueMicrotask(() => this.#given());
  }

  #given(): void {
    // Without a box there is no room to keep inside of.
    if (this.isConnected && !hasBox(this)) return whenShown(this, () => this.#given());
    this.#to(this.number('x', this.#x), this.number('y', this.#y), '');
  }

  /** Keeps the view inside its area, or the area inside the view when that is larger. CSS pixels. */
  #to(x: number, y: number, source: string): void {
    const area = this.closest('wx-movable-area');
    const limit = (value: number, room: number, size: number): number =>
      this.flag('out-of-bounds')
        ? value
        : Math.min(Math.max(0, room - size), Math.max(Math.min(0, room - size), value));
    const nextX = limit(x, area?.clientWidth ?? 0, this.offsetWidth);
    const nextY = limit(y, area?.clientHeight ?? 0, this.offsetHeight);
    const moved = nextX !== this.#x || nextY !== this.#y;
    this.#x = nextX;
    this.#y = nextY;
    this.#draw();
    if (!moved) return;
    this.changed('x', nextX);
    this.changed('y', nextY);
    this.emit('change', { x: nextX, y: nextY, source });
  }
  #draw(): void {
    const scale = this.flag('scale') ? Math.min(10, Math.max(0.1, this.number('scale-value', 1))) : 1;
    this.style.transform = `translate(${this.#x}px, ${this.#y}px)${scale === 1 ? '' : ` scale(${scale})`}`;
  }
}
