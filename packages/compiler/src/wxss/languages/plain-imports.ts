import type { SourceFile } from '../../project/source-tree.ts';
import { referenceTo } from '../../references.ts';

const IMPORT = /@import\s+(?:\([^)\n]*\)\s*)?(?:url\(\s*)?(["'])([^"'\n]+\.(?:wxss|css))\1(?:\s*\))?/g;

/**
 * A style language would read an imported .wxss as its own, or not find it. It stays an import instead, which is written
 * out when the CSS is compiled; it counts from the root, since the CSS may end up in another folder.
 *
 * @param write the language's own way to say that an import stays one
 */
export function withPlainImports(file: SourceFile, write: (path: string) => string): string {
  return file.text.replace(IMPORT, (whole, _quote: string, literal: string) =>
    /^([a-z]+:)?\/\//i.test(literal) ? whole : write(`/${referenceTo(file.path, literal, 0).path}`),
  );
}
