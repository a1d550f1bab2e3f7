/** The families of codes that `scanType` names, with what a code of each is called. Source: wx.scanCode of the reference. */
export const FAMILIES = {
  qrCode: ['QR_CODE'],
  barCode: [
    ...['CODE_128', 'EAN_13', 'EAN_8', 'UPC_A', 'UPC_E', 'CODE_39', 'CODE_93', 'CODABAR', 'ITF', 'AZTEC', 'MAXICODE'],
    ...['RSS_14', 'RSS_EXPANDED', 'UPC_EAN_EXTENSION', 'CODE_25'],
  ],
  datamatrix: ['DATA_MATRIX'],
  pdf417: ['PDF_417'],
  wxCode: ['WX_CODE'],
} as const;
export type Family = keyof typeof FAMILIES;

export interface Code {
  text: string;
  /** `QR_CODE`, `EAN_13` … */
  type: string;
}

export const isFamily = (name: string): name is Family => Object.hasOwn(FAMILIES, name);

/** What the program gets of a code. @param pages paths of the program */
export function answerOf({ text, type }: Code, pages: readonly string[]) {
  const path = pathOf(text, pages);
  const rawData = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  return {
    result: type === 'WX_CODE' ? '' : text,
    scanType: type,
    charSet: type === 'WX_CODE' ? 'utf-8' : 'UTF-8',
    rawData,
    ...(path !== undefined && { path }),
  };
}

/**
 * The page of this program that a code leads to: the code is the address of a simulated phone with `page=…`, or nothing
 * but the path.
 */
function pathOf(text: string, pages: readonly string[]): string | undefined {
  const given = URL.canParse(text) ? (new URLSearchParams(new URL(text).hash.slice(1)).get('page') ?? '') : text;
  const path = given.replace(/^\//, '');
  return pages.includes(path.split('?')[0] ?? '') ? path : undefined;
}

interface Detector {
  detect(picture: ImageBitmap): Promise<{ rawValue: string; format: string }[]>;
}

/** Reads the first code in a picture; undefined when there is none, or the browser cannot look. */
export async function readPicture(file: Blob): Promise<Code | undefined> {
  const { BarcodeDetector: create } = globalThis as { BarcodeDetector?: new () => Detector };
  if (!create) return undefined;
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (!picture) return undefined;
  try {
    const [found] = await new create().detect(picture);
    return found && { text: found.rawValue, type: TYPES[found.format] ?? found.format.toUpperCase() };
  } finally {
    picture.close();
  }
}

/** Formats of the browser that are not just the name in small letters. */
const TYPES: Record<string, string> = { codabar: 'CODABAR', pdf417: 'PDF_417' };
