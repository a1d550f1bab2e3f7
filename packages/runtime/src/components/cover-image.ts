import { componentHost, WxElement } from './wx-element.ts';

/** `cover-image`: a picture over native components; here an ordinary one. */
export class WxCoverImage extends WxElement {
  #image: HTMLImageElement | undefined;
  connectedCallback(): void {
    this.setAttribute('role', 'img');
    if (!this.#image) {
      this.#image = this.ownerDocument.createElement('img');
      this.#image.style.cssText = 'display:block;width:100%;height:100%;pointer-events:none';
      const image = this.#image;
      image.alt = '';
      image.onload = () => {
        image.style.visibility = '';
        this.emit('load', { width: image.naturalWidth, height: image.naturalHeight });
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
    if (!this.#image || this.#image.getAttribute('src') === (url || null)) return;
    if (url) this.#image.src = url;
    else this.#image.removeAttribute('src');
    if (this.text('referrer-policy') === 'origin') this.#image.referrerPolicy = 'origin';
  }
}
