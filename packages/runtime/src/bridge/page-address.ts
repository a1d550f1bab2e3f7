/**
 * Address of a page from the root, with its query; the suffix `.html` that old programs write is taken off.
 *
 * @param url as written: from the root with a leading slash, else from the folder of `page`; addresses of plugins
 *   (`plugin://alias/name`) stay, since only the page stack knows their pages
 */
export function pageAddress(url: string, page: string): string {
  if (/^plugin(-private)?:\/\//.test(url)) return url;
  const [path = '', ...query] = url.split('?');
  const parts: string[] = path.startsWith('/') ? [] : page.split('/').slice(0, -1);
  for (const piece of path.split('/')) {
    if (piece === '..') parts.pop();
    else if (piece !== '' && piece !== '.') parts.push(piece);
  }
  return [parts.join('/').replace(/\.html$/, ''), ...query].join('?');
}
