import valueParser from 'postcss-value-parser';

/** Written into sheets before a project path; the runtime replaces it by the base address of the package's files. */
export const ASSET_PREFIX = 'sparrow-asset:/';

const RPX = /(?<![\w#.-])([+-]?(?:\d+\.?\d*|\.\d+))rpx\b/gi;

/** `10rpx` → `calc(var(--rpx) * 10)` everywhere in a value but in strings and urls. 750 rpx are the width of the screen. */
export function convertRpx(value: string): string {
  if (!/rpx/i.test(value)) return value;
  const parsed = valueParser(value);
  parsed.walk((node) => {
    if (node.type === 'function' && node.value.toLowerCase() === 'url') return false;
    if (node.type === 'word')
      node.value = node.value.replace(RPX, (_, number: string) => `calc(var(--rpx) * ${number})`);
    return undefined;
  });
  return parsed.toString();
}

/** Media queries know no custom properties: 750rpx are taken for a screen of 375 CSS pixels. */
export function convertMediaRpx(params: string): string {
  return params.replace(RPX, (_, number: string) => `${Number(number) / 2}px`);
}

/**
 * Replaces the targets of `url(…)`.
 *
 * @param replace gets the address without quotes; undefined leaves it as it is
 */
export function convertUrls(value: string, replace: (url: string) => string | undefined): string {
  if (!/url\(/i.test(value)) return value;
  const parsed = valueParser(value);
  parsed.walk((node) => {
    if (node.type !== 'function' || node.value.toLowerCase() !== 'url') return undefined;
    const [argument] = node.nodes;
    if (argument?.type === 'string' || argument?.type === 'word') {
      const url = replace(argument.value.trim());
      if (url !== undefined)
        node.nodes = [{ ...argument, type: 'string', quote: '"', value: url } as valueParser.StringNode];
    }
    return false;
  });
  return parsed.toString();
}
