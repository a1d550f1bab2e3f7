/**
 * Tree changes as one flat array of numbers, strings and JSON values. The layouts:
 *
 * ```
 * Insert   parent before count node…      before 0 = at the end
 * Remove   node
 * Splice   before count                   removes `count` siblings beginning with `before`
 * Replace  new old
 * Text     node text
 * Class    node name
 * Style    node css
 * Id       node id
 * Attr     node name value
 * NoAttr   node name
 * Listen   type                           the page has its first listener of this type
 * Catch    node type capture on           a handler of the logic layer ends this event here (catchtouchmove stops scrolling)
 * Model    node name                      two-way binding of an attribute
 * Sheet    path                           use this style sheet, after those before it
 * Release  from to                        these nodes will not be named again
 * Hear     node type                      the logic layer listens to this touch event at this node
 * Script   id source links                a WXS module that handlers are in, or the library of all (id 0)
 * Scope    component prefixes             class prefixes of the nodes that the component's template makes
 * Owner    node component                 whose template the node is of, where it is not the one around it
 * Data     node dataset                   all of it
 * Handle   node type flags script path    a WXS function handles the event; script -1 = no longer
 * Run      node component script path value   a WXS function is to run when the batch is applied
 *
 * node  = 0 id                            a node that exists and moves here
 *       | 1 text
 *       | 2 tag class style id attrs (name value)… children node…
 *       | 2 tag class style id attrs (name value)… -stamp [Stamp] value…   children are a copy of the stamp, which stands there
 *                                      the first time, with these values in its holes; its nodes are numbered in their order
 * ```
 * `tag`, `class` and attribute names are interned: a string the first time, its number afterwards, counted by both sides in
 * the order of appearance, up to MAX_INTERNED. Of the stamps both sides know the last MAX_STAMPS. New nodes are numbered the same way, from FIRST_FREE_ID, for the life of the page.
 */
export const Op = {
  Insert: 1,
  Remove: 2,
  Splice: 3,
  Replace: 4,
  Text: 5,
  Class: 6,
  Style: 7,
  Id: 8,
  Attr: 9,
  NoAttr: 10,
  Listen: 11,
  Catch: 12,
  Model: 13,
  Sheet: 14,
  Release: 15,
  Hear: 16,
  Script: 17,
  Scope: 18,
  Owner: 19,
  Data: 20,
  Handle: 21,
  Run: 22,
} as const;

/** How a WXS handler listens: bits of `flags`. */
export const HandleFlag = { Final: 1, Mutated: 2, Capture: 4 } as const;

/** Number of the library that all WXS modules use, among the modules. */
export const LIBRARY_ID = 0;

export const NodeForm = { Existing: 0, Text: 1, Element: 2 } as const;

/** Id of the page root, which both sides have before the first batch. */
export const ROOT_ID = 1;
export const FIRST_FREE_ID = 2;

/** Prefix of the tag of a custom component's host, so that it cannot be mistaken for a built-in component. */
export const HOST_PREFIX = '#';

/** A node as the view gets it to copy: its text, or tag, class, style, id, attributes, children. */
export type StampNode =
  | string
  | [tag: string, className: string, style: string, id: string, attributes: [string, unknown][], children: StampNode[]];
/** Where the values of a row go: node, what, name of an attribute. */
export type StampHole = [node: number, what: 'text' | 'class' | 'style' | 'id' | 'attribute', name: string];
export interface Stamp {
  /** The element that all this is in. */
  tag: string;
  nodes: StampNode[];
  holes: StampHole[];
  /** Events that end at a node: node, type, 1 in the capture phase. */
  catches: [number, string, 0 | 1][];
}

export type FlatOps = unknown[];

/** Strings that have a number; those that come later are always written out. A program may make up classes without an end. */
export const MAX_INTERNED = 10_000;

/** Strings both sides number alike. */
export function createInternTable(): { code(text: string): string | number; text(code: string | number): string } {
  const numbers = new Map<string, number>();
  const strings: string[] = [];
  return {
    code(text) {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      if (numbers.size < MAX_INTERNED) numbers.set(text, numbers.size);
      return text;
    },
    text(code) {
      if (typeof code === 'number') return strings[code] as string;
      if (strings.length < MAX_INTERNED) strings.push(code);
      return code;
    },
  };
}

/** Stamps of a page that both sides know. Each component with a list has its own: they come and go with it. */
export const MAX_STAMPS = 200;

/** Keeps one thing more under its key; the oldest gives way, on both sides the same one. */
export function keepStamp<K, V>(stamps: Map<K, V>, key: K, value: V): void {
  stamps.set(key, value);
  if (stamps.size <= MAX_STAMPS) return;
  for (const oldest of stamps.keys()) {
    stamps.delete(oldest);
    return;
  }
}
