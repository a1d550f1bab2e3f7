import { type Language, Phrase } from '@sparrow/core';
import { inChinese } from '@sparrow/protocol';
import type { CheckPage, CheckReport } from './check-report.ts';
import { phrase } from './phrase.ts';

const STYLE = `
body { margin: 24px; font: 14px/1.5 system-ui, sans-serif; background: #f4f5f7; color: #1d2129 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 20px; align-items: start }
figure { margin: 0; padding: 10px; background: #fff; border-radius: 8px; border-top: 4px solid #18a058 }
figure.unclean { border-color: #f0a020 }
figure.empty { border-color: #d03050 }
img { display: block; width: 100%; border-radius: 4px }
figcaption { margin-top: 8px; overflow-wrap: anywhere }
li { color: #8a3b12 }
ul { margin: 6px 0 0; padding-left: 18px; font-size: 12px }
small { color: #6b7280 }`;

/** All pictures of a report in one file that needs nothing else: no script, no other file. */
export function contactSheet(
  report: CheckReport,
  pictures: ReadonlyMap<string, Buffer | undefined>,
  type: 'png' | 'jpeg',
  language: Language,
): string {
  const { pages, rendered, clean } = report.summary;
  const cards = report.pages.map((page) => card(page, pictures.get(page.path), type, language));
  const count = pages === 1 ? phrase`1 page` : phrase`${pages} pages`;
  const mode = report.mode === 'dual' ? phrase`dual thread` : phrase`single thread`;
  const left = report.unfinished && phrase`; ${report.unfinished.pages.length} were not looked at`;
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(report.project)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(report.project)}</h1>
<p>${phrase`${count}: ${rendered} rendered, ${clean} clean (${mode})${left}`.in(language)}</p>
<main>
${cards.join('\n')}
</main></body></html>
`;
}

function card(page: CheckPage, picture: Buffer | undefined, type: string, language: Language): string {
  const state = page.clean ? 'clean' : page.rendered ? 'unclean' : 'empty';
  const image = picture
    ? `<img loading="lazy" alt="${escaped(page.path)}" src="data:image/${type};base64,${picture.toString('base64')}">`
    : `<p>${phrase`no picture`.in(language)}</p>`;
  const errors = page.errors.map(
    ({ code, message, chinese }) =>
      `<li>${escaped(phrase`${code}: ${new Phrase(message, chinese ?? inChinese(code, message))}`.in(language))}</li>`,
  );
  const list = errors.length > 0 ? `<ul>${errors.join('')}</ul>` : '';
  const redirected = page.redirected === undefined ? '' : ` → ${escaped(page.redirected)}`;
  return `<figure class="${state}">${image}<figcaption>${escaped(page.path)}${redirected} <small>${page.ms} ms</small>${list}</figcaption></figure>`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
