import type { DevServer } from '@sparrow/cloud';
import { Phrase, type PhrasePart } from '@sparrow/core';
import { encode } from 'uqr';
import { quote } from './invocation.ts';
import type { Io } from './io.ts';
import { phrase } from './phrase.ts';
import { pad, shortPath } from './text.ts';
import { VERSION } from './version.ts';

/** What a run shows when it is ready: where to look, where the data is, what to type next. */
export function panel(io: Io, server: DevServer, options: { dir: string; readyMs: number }): string[] {
  const row = (name: Phrase, value: PhrasePart, note?: Phrase): string =>
    `  ${io.paint('dim', pad(io.tell(name), 9))}${tell(io, value)}${note ? `  ${io.paint('dim', note)}` : ''}`;
  const data = shortPath(io.cwd, server.stateDir);
  const dir = quote(options.dir);
  const ready = phrase`ready in ${(options.readyMs / 1000).toFixed(1)} s`;
  const lines = [
    '',
    `  ${io.paint(['bold', 'yellow'], '麻雀 Sparrow')} ${VERSION}  ${io.paint('bold', server.project.title)}  ${io.paint('dim', ready)}`,
    '',
    row(phrase`Local`, io.paint(['cyan', 'underline'], server.consoleUrl)),
    row(phrase`LAN`, server.lanUrl ? io.paint(['cyan', 'underline'], server.lanUrl) : io.paint('dim', phrase`closed`)),
    row(phrase`Backend`, backend(io, server)),
    row(phrase`Data`, data, phrase`\`sparrow reset ${dir}\` empties it`),
    row(phrase`Log`, shortPath(io.cwd, server.logFile)),
    ...server.notices.map((notice) => row(phrase`Note`, io.paint('yellow', notice))),
  ];
  if (server.lanUrl) {
    lines.push(
      '',
      ...qrLines(server.lanUrl).map((line) => `  ${line}`),
      `  ${io.paint('dim', phrase`scan it with a phone in the same network`)}`,
    );
  }
  lines.push('', row(phrase`Next`, phrase`open the local address; then \`sparrow check ${dir}\``));
  if (io.interactive) lines.push(row(phrase`Keys`, phrase`r restart the backend · q stop`));
  lines.push('');
  return lines;
}

const tell = (io: Io, part: PhrasePart): string => (part instanceof Phrase ? io.tell(part) : String(part));

function backend(io: Io, server: DevServer): string {
  const { state, reason, reasonZh } = server.backend();
  if (state === 'none') return io.paint('dim', phrase`none`);
  if (state === 'running') return `${io.paint('green', phrase`running`)}  ${server.ingressUrl}/`;
  const name = { starting: phrase`starting`, crashed: phrase`crashed`, stopped: phrase`stopped` }[state];
  const [first = ''] = io.tell(new Phrase(reason ?? '', reasonZh)).split('\n');
  return `${io.paint('red', name)}  ${io.paint('dim', first)}`;
}

/** A QR code in half blocks, dark on light in any colour scheme of a terminal that has colours. */
export function qrLines(text: string): string[] {
  const { data, size } = encode(text, { ecc: 'L', border: 2 });
  const lines: string[] = [];
  for (let y = 0; y < size; y += 2) {
    let line = '';
    for (let x = 0; x < size; x++) {
      // Light modules are drawn, so that a dark terminal shows a code that scanners can read.
      const upper = !data[y]?.[x];
      const lower = y + 1 < size ? !data[y + 1]?.[x] : false;
      line += upper && lower ? '█' : upper ? '▀' : lower ? '▄' : ' ';
    }
    lines.push(line);
  }
  return lines;
}
