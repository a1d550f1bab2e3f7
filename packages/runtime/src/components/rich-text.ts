import { decodeEntities, parseRichText, RICH_TAGS, type RichNode } from './rich-text-parser.ts';
import { componentHost, WxElement } from './wx-element.ts';

const SPACES: Record<string, string> = { ensp: '\u2002', emsp: '\u2003', nbsp: '\u00a0' };
/** Nodes deeper than this are not drawn: no real text is, and a cycle would be. */
const MAX_DEPTH = 100;

/**
 * `rich-text`: HTML of the documented tags and attributes. Its nodes stand in the light DOM, so that the page's classes reach
 * them; scripts, event attributes and everything else that is not listed are left out.
 */
export class WxRichText extends WxElement {
  #body: HTMLElement | undefined;
  #pending = false;

  connectedCallback(): void {
    if (!this.#body) {
      this.#body = this.ownerDocument.createElement('div');
      this.prepend(this.#body);
    }
    this.#draw();
  }
  protected override attributeGiven(name: string): void {
    // The value of `nodes` is not to be an attribute: it may be long.
    if (name === 'nodes') this.removeAttribute('nodes');
    if (!this.isConnected || this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      this.#draw();
    });
  }

  #draw(): void {
    const nodes = this.attributesGiven.get('nodes');
    const list = Array.isArray(nodes) ? (nodes as RichNode[]) : parseRichText(this.text('nodes'));
    if (this.#body) this.#body.className = 'wx-rich-text';
    this.#body?.replaceChildren(...list.flatMap((node) => this.#node(node, 0, Array.isArray(nodes))));
    const selectable = this.flag('user-select');
    if (this.#body) this.#body.style.cssText = selectable ? 'user-select:text;-webkit-user-select:text' : '';
  }

  /** `decode`: the texts of nodes that a program made itself may hold entities; a parsed text has none left. */
  #node(node: RichNode | null | undefined, depth: number, decode: boolean): Node[] {
    if (!node || typeof node !== 'object' || depth > MAX_DEPTH) return [];
    const document = this.ownerDocument;
    if (node.type === 'text') {
      const space = SPACES[this.text('space')];
      const raw = String((node as { text?: unknown }).text ?? '');
      const text = decode ? decodeEntities(raw) : raw;
      return [document.createTextNode(space ? text.replaceAll(' ', space) : text)];
    }
    const name = String((node as { name?: unknown }).name ?? '').toLowerCase();
    const allowed = Object.hasOwn(RICH_TAGS, name) ? RICH_TAGS[name] : undefined;
    // As documented: a node that is not trusted goes with everything in it.
    if (!allowed) return [];
    const children = (Array.isArray(node.children) ? node.children : []).flatMap((child) =>
      this.#node(child, depth + 1, decode),
    );
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(node.attrs ?? {})) {
      const attribute = key.toLowerCase();
      if (value === null || value === undefined) continue;
      if (attribute === 'class') element.className = String(value);
      // Through the parser of declarations: nothing but declarations gets in.
      else if (attribute === 'style')
        element.style.cssText = String(value).replace(/(-?[\d.]+)rpx/g, 'calc(var(--rpx) * $1)');
      else if (attribute === 'src') {
        const src = String(value).trim();
        // Other schemes (javascript: …) are no addresses of pictures.
        if (name !== 'img' || (/^[a-z][\w+.-]*:/i.test(src) && !/^(https?|data|blob|wxfile):/i.test(src))) continue;
        element.setAttribute('src', componentHost(this)?.resolveUrl(src) ?? src);
      } else if (allowed.includes(attribute)) element.setAttribute(attribute, String(value));
    }
    element.append(...children);
    return [element];
  }
}
