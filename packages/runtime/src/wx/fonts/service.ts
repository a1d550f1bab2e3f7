import { ApiFailure } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, serviceWith } from '../../service/wx/define.ts';
import { fromBase64 } from '../encoding/bytes.ts';
import { anything, flag, list, optional, text } from '../schema.ts';

interface Font {
  family: string;
  data: ArrayBuffer;
  descriptors: Record<string, string>;
}
interface LoadedFace {
  load(): Promise<unknown>;
}
/** Both a Worker and a frame have these; the types of the logic layer know neither. */
interface Realm {
  FontFace: new (family: string, data: ArrayBuffer, descriptors: Record<string, string>) => LoadedFace;
  fonts?: { add(face: LoadedFace): void };
  document?: { fonts: { add(face: LoadedFace): void } };
}

/** Fonts that every page is to have; a program has a handful. */
const MAX_GLOBAL = 32;

function createFonts({ invoke, events, stack, pageId }: WxContext) {
  const everywhere: Font[] = [];
  const show = (font: Font, page: number): Promise<unknown> => invoke('showFont', { pageId: page, ...font });
  events.watch('AfterPageLoad', () => {
    const page = stack().at(-1);
    if (page) for (const font of everywhere) void show(font, page.id).catch(() => {});
  });

  async function bytesOf(source: string): Promise<ArrayBuffer> {
    const address = /^\s*url\(\s*(['"]?)(.*?)\1\s*\)\s*$/is.exec(source)?.[2] ?? source.trim();
    const inline = /^data:[^,]*;base64,(.*)$/is.exec(address)?.[1];
    if (inline === undefined) return (await invoke('fetchFont', { source: address })).data;
    const bytes = fromBase64(inline);
    if (!bytes) throw new ApiFailure('invalid source', { status: 'error' });
    return bytes.slice().buffer;
  }

  return {
    async load(family: string, source: string, given: object, global: boolean, scopes: readonly unknown[]) {
      const failed = (error: Error): never => {
        throw new ApiFailure(error.message, { status: 'error' });
      };
      const descriptors = Object.fromEntries(
        Object.entries(given).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
      );
      const data = await bytesOf(source).catch(failed);
      const realm = globalThis as unknown as Realm;
      const face = new realm.FontFace(family, data.slice(0), descriptors);
      await face.load().catch(() => failed(new Error('the font cannot be read')));
      const font = { family, data, descriptors };
      if (scopes.includes('native')) (realm.fonts ?? realm.document?.fonts)?.add(face);
      if (scopes.includes('webview')) {
        if (global && everywhere.push(font) > MAX_GLOBAL) everywhere.shift();
        for (const id of global ? stack().map((page) => page.id) : [pageId()]) await show(font, id);
      }
      return { status: 'loaded' };
    },
  };
}

/** Fonts that a program brings, for its pages and its canvases. */
export const fontsService = serviceWith(createFonts, {
  loadFontFace: asyncFunction(
    {
      family: text(),
      source: text(),
      desc: optional(anything<object>()),
      global: optional(flag()),
      scopes: optional(list(anything())),
    },
    (fonts, { family, source, desc, global, scopes }) =>
      fonts.load(family, source, desc ?? {}, global === true, scopes ?? ['webview', 'native']),
  ),
});
