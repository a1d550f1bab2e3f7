const FEATURE = /\(\s*prefers-color-scheme\s*(?::\s*(dark|light)\s*)?\)/gi;
/** A media feature that always holds, and one that never does. */
const ALWAYS = '(min-width: 0px)';
const NEVER = '(min-width: 9999999px)';

/**
 * Styles in which `prefers-color-scheme` asks the phone. The browser would answer for the machine it runs on, whatever
 * theme the phone was switched to.
 */
export function themedCss(css: string, theme: 'light' | 'dark'): string {
  if (!asksForTheme(css)) return css;
  return css.replace(/@media\b[^{;]*/gi, (prelude) =>
    prelude.replace(FEATURE, (_, wanted?: string) =>
      wanted === undefined || wanted.toLowerCase() === theme ? ALWAYS : NEVER,
    ),
  );
}

export const asksForTheme = (css: string): boolean => /prefers-color-scheme/i.test(css);
